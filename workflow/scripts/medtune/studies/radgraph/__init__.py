"""Study `radgraph`: entities in radiology reports, one adapter per entity type."""
