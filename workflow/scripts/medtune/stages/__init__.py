"""What binds a study, a model and files to a job of the workflow."""
