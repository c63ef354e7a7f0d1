"""Names of the built-in metrics, as they stand in tables and files."""

BLEU = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4")
ROUGE_L = "ROUGE-L"
ROUGE = ("ROUGE-1", "ROUGE-2", ROUGE_L)
METEOR = "METEOR"
METEOR_WITHOUT_SYNONYMS = "METEOR (no synonyms)"
BERTSCORE = ("bertscore_precision", "bertscore_recall", "bertscore_f1")
EXACT_MATCH = "exact_match"
SHORT_EXACT_MATCH = "exact_match_short"
"""Exact match over questions whose reference is a short answer: of a paragraph it is always 0."""
TERM_MATCH = "term_match"
DOSAGE_MATCH = "dosage_match"
"""Exact match of what an answer must get right word for word: medical terms, and amounts with a unit."""
TOKEN_F1 = "token_f1"
MEDICAL_TERM_F1 = "medical_term_f1"

BUILT_IN = (
    *(*BLEU, *ROUGE, METEOR, METEOR_WITHOUT_SYNONYMS, *BERTSCORE, EXACT_MATCH, SHORT_EXACT_MATCH, TOKEN_F1),
    *(MEDICAL_TERM_F1, TERM_MATCH, DOSAGE_MATCH),
)
"""Names that a metric of the user's own may not have."""
