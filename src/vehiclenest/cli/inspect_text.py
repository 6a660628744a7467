"""An inspection as text."""

from collections.abc import Mapping
from typing import Any

import click

_DEFECTS = 20


def print_inspection(document: Mapping[str, Any]) -> None:
    """Print what an inspection says (its document, as --json prints it)."""
    click.echo(f"{document['scan']}: {document['points']:,} points, {_who(document)}")
    for other in document["candidates"][1 if document["part_id"] else 0 :][:3]:
        click.echo(f"  less likely: {other['part_id']}{_sure(other['confidence'])}")
    if document["part_id"] is not None:
        _print_measured(document)
    click.echo(f"verdict: {document['verdict']}")
    for reason in document["reasons"]:
        click.echo(f"  {reason}")
    if document.get("unverified"):
        click.echo(f"  {len(document['unverified'])} unverified limits [U] stand behind this: --json lists them")
    for note in document["notes"]:
        click.echo(f"note: {note}")
    seconds = dict(document["seconds"])
    total = seconds.pop("total")
    stages = ", ".join(f"{stage} {value:.2f}" for stage, value in seconds.items())
    click.echo(f"{total:.2f} s ({stages}): {document['points'] / total / 1e6:.2f} M points/s")


def one_line(document: Mapping[str, Any]) -> str:
    """Return an inspection in one line."""
    seconds = document["seconds"]["total"]
    defects = "" if document["defects"] is None else f", {len(document['defects'])} defects"
    return (
        f"{document['scan']}: {_who(document)}: {document['verdict']}{defects}, "
        f"{document['points']:,} points in {seconds:.2f} s ({document['points'] / seconds / 1e6:.2f} M points/s)"
    )


def _who(document: Mapping[str, Any]) -> str:
    if document["part_id"] is None:
        return f"unknown part{_sure(document['confidence'])}"
    return f"part {document['part_id']}{_sure(document['confidence'])}"


def _sure(confidence: float | None) -> str:
    return "" if confidence is None else f" ({confidence:.1%})"


def _print_measured(document: Mapping[str, Any]) -> None:
    off = document["deviation"]
    click.echo(
        f"deviation, mm: mean {off['mean']:+.4f}, rms {off['rms']:.4f}, 1 % {off['p01']:+.4f}, 99 % {off['p99']:+.4f}, "
        f"greatest {off['max']:+.4f}; {document['coverage']:.0%} of the surface was seen"
    )
    free = document["pose_uncertainty"]["free"]
    if document["ambiguous"] or free:
        click.echo(f"symmetric: {len(document['ambiguous'])} other poses fit as well, {len(free)} motions are free")
    click.echo(
        f"wear: {document['wear_volume_mm3']:.1f} ± {document['wear_volume_uncertainty_mm3']:.1f} mm³, "
        f"greatest {document['greatest_wear_mm']:.3f} ± {document['greatest_wear_uncertainty_mm']:.3f} mm"
    )
    click.echo(f"defects: {len(document['defects'])}")
    for defect in document["defects"][:_DEFECTS]:
        place = ", ".join(f"{at:.1f}" for at in defect["centre_mm"])
        sure = defect["uncertainty"]
        click.echo(
            f"  {defect['kind']:<8} {defect['depth_mm']:.3f} ± {sure['depth_mm']:.3f} mm deep, {defect['area_mm2']:.1f} mm², "
            f"{defect['volume_mm3']:.2f} ± {sure['volume_mm3']:.2f} mm³ at ({place})"
        )
    if len(document["defects"]) > _DEFECTS:
        click.echo(f"  … {len(document['defects']) - _DEFECTS} more: --json lists all")
