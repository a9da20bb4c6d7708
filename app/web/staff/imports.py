"""Books from a CSV file: uploaded, checked, imported in the background, and told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.admin.deps import ImportsDep
from app.admin.imports import Choices, Imports, ImportState, parts
from app.audit.service import record
from app.catalog.importer import ImportFailed, parse_mapping
from app.catalog.rules import MAX_STOCK
from app.catalog.schemas import Price
from app.core.db.route import Session
from app.core.db.transaction import DATABASE, release
from app.core.errors import DomainError
from app.media.uploads import read_upload
from app.web.access import Staff
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.uploads import IMPORT, UploadRoute, upload_action
from app.web.visitor import AnyVisitor

MAX_BYTES: Final = 50_000_000
router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
uploads = APIRouter(include_in_schema=False, route_class=UploadRoute)
ImportKey = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
# The importer speaks to people at a command line.
_ON_A_PAGE = (
    ("needs --map COLUMN=", "needs a line COLUMN="),
    (" or --default-price", " below, or a price for books without one"),
    ("for example --map ", "for example "),
    ("Write --map as", "Write each line as"),
    ("Give --map one", "Give one"),
    (" for --map", " to be named"),
)


class ImportForm(BaseModel):
    """The choices as they are typed."""

    default_price: Price | None = None
    default_stock: Annotated[int, Field(ge=0, le=MAX_STOCK)] = 0


@dataclass(frozen=True, slots=True)
class ImportsPage(PageContext):
    """A file to import, and what was imported lately."""

    template: ClassVar[str] = "staff/imports.html"
    action: str
    max_mb: int
    recent: Sequence[tuple[str, ImportState]]


@dataclass(frozen=True, slots=True)
class ImportPage(PageContext):
    """How far an import is, and what came of it."""

    template: ClassVar[str] = "staff/import.html"
    form: Form
    key: str
    state: ImportState
    message: str | None

    @property
    def percent(self) -> int:
        return round(100 * self.state.done / self.state.total) if self.state.total else 0

    @property
    def columns(self) -> str:
        """The columns as they were chosen, a line each."""
        return "\n".join(f"{column}={field}" for column, field in self.state.choices.mapping.items())


@router.get(IMPORT)
async def show_imports(request: Request, _: Staff, imports: ImportsDep) -> Response:
    """A file to choose."""
    page = ImportsPage(upload_action(request, IMPORT), MAX_BYTES // 1_000_000, await imports.all())
    return render(request, page)


@uploads.post(IMPORT)
async def upload(
    request: Request, session: Session, staff: Staff, visitor: AnyVisitor, imports: ImportsDep
) -> Response:
    """Keep the file and check it: nothing is stored in the catalogue yet."""
    await release(session)
    try:
        async with read_upload(request, MAX_BYTES) as file:
            key = await imports.add((file.filename or "")[:120], file)
    except DomainError as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(IMPORT)) from error
    await imports.start(key, Choices(), staff, dry_run=True)
    return see_other(f"{IMPORT}/{key}")


@router.get(IMPORT + "/{key}")
async def show_import(request: Request, key: ImportKey, _: Staff, imports: ImportsDep) -> Response:
    """Progress."""
    return _page(request, Form(), key, await _found(imports, key))


@router.post(IMPORT + "/{key}")
async def run(
    request: Request,
    key: ImportKey,
    sent: Sent,
    session: Session,
    staff: Staff,
    visitor: AnyVisitor,
    imports: ImportsDep,
) -> Response:
    """Check the file again, or import it."""
    state = await _found(imports, key)
    choices = _choices(sent)
    if choices is None:
        return _page(request, sent, key, state)
    for_good = sent.get("do") == "import"
    if for_good:
        await record(session, staff, "import.started", after={"file": state.file} | choices.model_dump(mode="json"))
    if not await imports.start(key, choices, staff, dry_run=not for_good):
        visitor.flash("Another import is running. Please wait until it is done.", "bad")
        raise Answered(see_other(f"{IMPORT}/{key}"))
    return see_other(f"{IMPORT}/{key}")


@router.get(IMPORT + "/{key}/progress")
async def progress(key: ImportKey, _: Staff, imports: ImportsDep) -> Response:
    """Progress, for a script."""
    state = await _found(imports, key)
    return JSONResponse({"running": state.is_running, "done": state.done, "total": state.total})


@router.get(IMPORT + "/{key}/rejected.csv")
async def rejected(request: Request, key: ImportKey, _: Staff, imports: ImportsDep) -> Response:
    """The rejected rows, with the reason of each."""
    state = await _found(imports, key)
    if not (state.summary and state.summary.rejects):
        raise HTTPException(404)
    content = parts(DATABASE.of(request), key, is_rejected=True)
    as_file = {"Content-Disposition": 'attachment; filename="rejected.csv"'}
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=as_file)


async def _found(imports: Imports, key: str) -> ImportState:
    state = await imports.find(key)
    if state is None:
        raise HTTPException(404, "This import is no longer kept.")
    return state


def _choices(sent: Form) -> Choices | None:
    wanted = sent.parse(ImportForm)
    try:
        mapping = parse_mapping(line for line in sent.get("columns").splitlines() if line.strip())
    except ImportFailed as failure:
        sent.errors["columns"] = _on_a_page(str(failure))
        return None
    return None if wanted is None else Choices(mapping=mapping, **wanted.model_dump())


def _page(request: Request, form: Form, key: str, state: ImportState) -> Response:
    message = _on_a_page(state.message) if state.message else None
    return render(request, ImportPage(form, key, state, message), 422 if form.errors else 200)


def _on_a_page(sentence: str) -> str:
    for there, here in _ON_A_PAGE:
        sentence = sentence.replace(there, here)
    return sentence
