"""What rules need of the library whatever the study: resources, locks, outputs of the report, use as a module."""
