"""The [[product]] tables of drug.toml: how a route is dosed in practice."""

from typing import cast, get_args

from models.datafile import Table
from models.drug.conditions import read_condition
from models.drug.drug import Product
from models.record import Route


def read_product(table: Table) -> Product:
    product = Product(
        route=cast(Route, table.text("route", one_of=get_args(Route))),
        form=table.text("form"),
        increment=table.number("increment_mg", above=0),
        smallest=table.number("smallest_mg", above=0),
        largest=table.number("largest_mg", above=0),
        intervals=table.numbers("intervals_h", above=0),
        usual_rate=table.maybe("usual_rate_mg_per_h", above=0),
        shortest_duration=table.number("shortest_duration_h", low=0, default=0.0),
        duration_step=table.number("duration_step_h", above=0, default=0.5),
        source=table.text("source"),
        continuous=table.flag("continuous", default=False),
        when=tuple(read_condition(item) for item in table.tables("when", default=[])),
    )
    if product.largest < product.smallest:
        raise table.error("largest_mg", f"at least smallest_mg ({product.smallest:g})", product.largest)
    if product.route != "iv" and (product.usual_rate is not None or product.shortest_duration or product.continuous):
        raise table.error(
            "usual_rate_mg_per_h", "left out, as is shortest_duration_h, where nothing is infused", "a value"
        )
    table.finish()
    return product
