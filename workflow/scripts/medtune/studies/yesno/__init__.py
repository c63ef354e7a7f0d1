"""Study `yesno`: Yes / No / Uncertain with a one-sentence rationale."""
