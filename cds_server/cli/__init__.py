"""The `titrate` command line.

Exit codes: 0 as wished; 1 answered, but not as wished (no dose proposed, a scenario that ended otherwise, a fit that
did not converge); 2 the command was used wrongly; 3 a file, a setting or a service can not be used.
"""

import sys

import click

from cds_server.cli.advise import advise
from cds_server.cli.common import EXIT_UNUSABLE
from cds_server.cli.database import database
from cds_server.cli.demo import demo
from cds_server.cli.feedback import feedback
from cds_server.cli.fit import fit
from cds_server.cli.learn import learn
from cds_server.cli.models import models
from cds_server.cli.nca import nca
from cds_server.cli.rules import rules
from cds_server.cli.serve import serve
from cds_server.cli.simulate import simulate
from cds_server.cli.study import study
from cds_server.cli.trust import trust
from cds_server.cli.worker import worker
from cds_server.config import SettingsError
from cds_server.store import StoreError
from cds_server.training.cluster import ClusterError
from fhir.errors import FhirError
from models.errors import ModelsError

_EXIT_CODES = "\b\n" + (__doc__ or "").partition("\n\n")[2]


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXIT_CODES)
@click.version_option(package_name="titrate")
def titrate() -> None:
    """Dosing advice inside the EHR: CDS Hooks in, cards out. Settings are TITRATE_* variables, see docs/settings.md."""


_COMMANDS = (serve, worker, demo, trust, models, fit, simulate, rules, study, learn, nca, advise, feedback, database)

for command in _COMMANDS:
    titrate.add_command(command)


def main() -> None:
    """Entry of the `titrate` script."""
    try:
        titrate(standalone_mode=True)
    except (SettingsError, StoreError, ClusterError, ModelsError, FhirError) as error:
        click.echo(f"titrate: {error}", err=True)
        sys.exit(EXIT_UNUSABLE)
