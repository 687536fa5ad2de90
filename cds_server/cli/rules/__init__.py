"""titrate rules: formulas that a pharmacist can check, found, read, checked, imported, signed into use."""

import click

from cds_server.cli.rules.check import check
from cds_server.cli.rules.importing import import_rule
from cds_server.cli.rules.listing import list_rules, show_rule
from cds_server.cli.rules.signing import sign
from cds_server.cli.rules.train import train_rules


@click.group()
def rules() -> None:
    """Formulas found by symbolic regression in simulated patients: each a small file that says all about itself.

    \b
    titrate rules list
    titrate rules show vancomycin/trough-informed
    titrate rules show vancomycin/trough-informed --value level_trough=11.2 ...
    titrate rules train --drug vancomycin --scheme trough --out my-rules
    titrate rules check --library my-rules
    titrate rules sign vancomycin/trough-informed --library my-rules --by "A. Pharmacist" --role "head of pharmacy"
    """


for command in (list_rules, show_rule, train_rules, check, import_rule, sign):
    rules.add_command(command)
