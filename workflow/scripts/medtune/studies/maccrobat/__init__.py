"""Study `maccrobat`: BIO token classification of case reports with encoders."""
