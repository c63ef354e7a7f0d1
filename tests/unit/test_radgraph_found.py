from medtune.data.span import Span
from medtune.studies.radgraph.found import token_entity
from medtune.studies.radgraph.report_scores import radgraph_f1
from medtune.studies.radgraph.segments import tokenise


def test_a_fragment_of_a_token_is_no_entity_of_radgraph_f1():
    tokens = tokenise("Small pleural effusion .")
    gold = {token_entity(tokens, Span(6, 13, "ANAT-DP"))}
    assert gold == {(1, 1, "ANAT-DP")}
    assert radgraph_f1([gold], [gold]).value == 1
    for start, end in ((6, 7), (7, 13), (6, 15)):  # "p", "leural", "pleural e"
        found = {token_entity(tokens, Span(start, end, "ANAT-DP"))}
        assert radgraph_f1([gold], [found]).value == 0
