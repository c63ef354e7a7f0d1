"""Study `relations`: entities and relations as generated JSON."""
