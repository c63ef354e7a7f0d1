"""Kind `relations`: the answer lists the entities of a text and the relations between them."""
