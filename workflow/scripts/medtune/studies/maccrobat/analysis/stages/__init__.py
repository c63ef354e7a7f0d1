"""The analyses as jobs run them: read the files, compute, write tables, JSON and plots."""
