"""A served model in words and numbers, from its manifest."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from seqexpr import __version__
from seqexpr.serve.answering import interval_of
from seqexpr.serve.documents import (
    CovariateDocument,
    LimitsDocument,
    ModelDocument,
    ModelList,
    ScoreDocument,
)
from seqexpr.serve.schemas import TargetDocument
from seqexpr.serve.tokens import link_key

if TYPE_CHECKING:
    from seqexpr.serve.models import ServedModel
    from seqexpr.serve.service import Service

__all__ = ["describe"]

_METRICS = ("r2", "pearson", "spearman", "mse")


def describe(service: Service) -> ModelList:
    """Return the models that are served, and what a request may hold."""
    limits = service.limits
    return ModelList(
        version=__version__,
        models=[_model(model, service) for model in service.models.values()],
        limits=LimitsDocument(
            body_bytes=limits.body_bytes,
            sequences=limits.sequences,
            bases=limits.bases,
            explained=limits.explained,
            explained_bases=limits.explained_bases,
            designs=limits.designs,
            seconds=limits.seconds,
            upload_bytes=None if service.jobs is None else limits.upload_bytes,
        ),
    )


def _model(model: ServedModel, service: Service) -> ModelDocument:
    manifest = model.bundle.manifest
    report = None
    if model.report is not None:
        report = f"/reports/{quote(model.name)}?key={link_key(service.secret, model.name)}"
    return ModelDocument(
        name=model.name,
        title=manifest.model.title,
        description=manifest.model.description,
        targets=[TargetDocument(name=item.name, unit=item.unit) for item in manifest.targets],
        covariates=[
            CovariateDocument(**item.model_dump() | {"categories": list(item.categories)})
            for item in manifest.input.covariates
        ],
        min_length=manifest.input.min_length,
        median_length=manifest.input.median_length,
        max_length=manifest.input.max_length,
        trained_on=manifest.data.n_train,
        source=PurePath(manifest.data.source).name,  # folders are nobody's business
        created=manifest.created,
        scores=[
            ScoreDocument(**score.model_dump(exclude={"set"}))
            for score in manifest.scores
            if score.set == "test" and score.metric in _METRICS
        ],
        interval=interval_of(model),
        has_domain=model.bundle.calibration.domain is not None,
        warnings=list(manifest.warnings),
        report=report,
    )
