"""Kinds of tasks: what an example and an answer are, how they are read, scored and compared."""
