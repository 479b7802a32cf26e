"""Writes the files of a run: results.json with every sample, results.md with the tables, and reaction.svg."""
import os

import budgets
import drawing
import results


def write(directory, about, rows):
    """Write the files. Returns the text of results.md."""
    os.makedirs(directory, exist_ok=True)
    results.write(os.path.join(directory, 'results.json'), about, rows)
    text = '\n'.join(['# Measured by `make bench`', '', '| | |', '|---|---|']
                     + ['| %s | %s |' % pair for pair in sorted(about.items())]
                     + [''] + budgets.table(rows) + ['', results.tables(rows)])
    reaction = [row for row in rows if row.part == 'reaction']
    if reaction:
        text += '\n![the distribution of the reaction](reaction.svg)\n'
        panels = [(what, [(row.candidate, [value for block in row.blocks for value in block])
                          for row in reaction if row.what == what])
                  for what in results.in_order(row.what for row in reaction)]
        _write(os.path.join(directory, 'reaction.svg'),
               drawing.picture(panels, 'Share of rounds that were done within so many ms'))
    _write(os.path.join(directory, 'results.md'), text)
    return text


def _write(path, text):
    with open(path, 'w', encoding='utf-8') as target:
        target.write(text)
