"""Print each study's headline and where its figures are: `python headlines.py results/tiny`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for headline in sorted(folder.glob("*/summary/headline.txt")):
        print(f"\n{headline.parents[1].name}: {headline.read_text(encoding='utf-8').strip()}")
        print(f"  tables, plots and a page in words: {headline.parent}/")
    print(f"\nReport of everything: snakemake --profile {folder.name} --report {folder}/report.html")
