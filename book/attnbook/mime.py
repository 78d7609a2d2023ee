"""Turns the course's own outputs into HTML nodes while a notebook is read."""

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.util import logging

from attnbook import trainings
from attnbook.boxes import question_html, verdict_html
from attnbook.drawing import load
from attnbook.explorers import figure_html
from attnbook.pictures import drawn
from attnbook.stale import complaint
from attncourse.explorer import EXPLORER_MIME
from attncourse.quiz import QUIZ_MIME
from attncourse.shown import from_source
from attncourse.training import TRAINING_MIME
from attncourse.verdict import VERDICT_MIME

COURSE_MIMES = (EXPLORER_MIME, TRAINING_MIME, VERDICT_MIME, QUIZ_MIME)

log = logging.getLogger(__name__)


class CourseRenderer:
    """The ``myst_nb.mime_renderers`` plugin for explorers, trainings, verdicts and questions."""

    mime_priority_overrides = tuple(("html", mime, 1) for mime in COURSE_MIMES)

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        """HTML for the course's own mime types; ``None`` lets myst-nb go on for any other.

        What is drawn is shown as the library has it. If the notebook says otherwise, that is a warning, and so an error
        of a strict build.
        """
        if inline or data.mime_type not in COURSE_MIMES:
            return None
        env = renderer.renderer.sphinx_env
        env.note_reread()  # the page depends on the library, its data, this extension and the packages that draw
        if data.mime_type == EXPLORER_MIME:
            explorer = load(data.content["source"])
            pictures = drawn(env.app, explorer)
            if fault := complaint(data.content, explorer, pictures.described):
                log.warning(fault, location=env.docname)
            shown = env.temp_data.setdefault("attnbook_explorers", [])
            shown.append(explorer.name)
            html = figure_html(explorer, pictures, "../" * env.docname.count("/"), shown.count(explorer.name))
        elif data.mime_type == TRAINING_MIME:
            training = from_source(data.content["source"])
            if fault := trainings.stale(data.content, training):
                log.warning(fault, location=env.docname)
            html = trainings.figure_html(training)
        elif data.mime_type == VERDICT_MIME:
            html = verdict_html(data.content)
        else:
            html = question_html(data.content)
        return [nodes.raw(text=html, format="html", classes=["output", "course"])]
