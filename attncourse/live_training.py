"""A training under a reader's own kernel: ipywidgets, and a task of the kernel's own loop that trains in slices.

Between two slices the kernel answers, so that a moved slider counts at once, and other cells run.
"""

import asyncio
import time
from html import escape
from typing import TYPE_CHECKING, Any

from attncourse.duration import duration
from attncourse.live import caption_widget, control_widget, picture_html, said_html

if TYPE_CHECKING:
    from ipywidgets import VBox

SLICE = 0.4  # seconds of training between two pictures
BREATH = 0.05  # seconds for everything else that the kernel has to do


class Panel:
    """Settings, Start, and a picture and a sentence that follow the run; the run before stays to compare with."""

    def __init__(self, training: Any) -> None:
        import ipywidgets as widgets

        self.training = training
        self.task: asyncio.Task | None = None
        self.run: Any = None  # none has begun
        self.before: Any = None
        self.controls = {
            name: control_widget(each, training.defaults[name]) for name, each in training.controls.items()
        }
        self.button, self.anew = widgets.Button(description="Start"), widgets.Button(description="Start anew")
        self.progress = widgets.IntProgress(max=training.steps, description="step")
        self.pace, self.picture, self.readout = widgets.HTML(escape(training.forecast)), widgets.HTML(), widgets.HTML()
        self.button.on_click(lambda _: self.pause() if self.task else self.go_on())
        self.anew.on_click(lambda _: self.start_anew())
        for name, control in self.controls.items():
            control.observe(self.changed if name in training.live else self.end, names="value")
        self._show(training.recorded)
        self.widget: VBox = widgets.VBox(
            [
                *self.controls.values(),
                widgets.HBox([self.button, self.anew]),
                widgets.HBox([self.progress, self.pace]),
                self.picture,
                self.readout,
                caption_widget(training.caption),
            ]
        )

    @property
    def values(self) -> dict[str, Any]:
        """What the controls say."""
        return {name: control.value for name, control in self.controls.items()}

    def go_on(self) -> None:
        """Train until the reader pauses or the run ends."""
        if self.run is None:
            self.run = self.training.start(**self.values)
        self.button.description = "Pause"
        self.task = asyncio.get_running_loop().create_task(self._train())

    def pause(self) -> None:
        """Stop after the slice that is being trained."""
        if self.task:
            self.task.cancel()
        self.task = None
        self.button.description = "Go on" if self.run is not None and self.run.losses else "Start"

    def end(self, _change: Any = None) -> None:
        """The run is over, as it is when a setting with which runs begin has changed; it stays to compare with."""
        if self.run is not None and self.run.losses:
            self.before = self.run
        self.run = None
        self.pause()

    def start_anew(self) -> None:
        """End the run, and train another with the settings as they are."""
        self.end()
        self.go_on()

    def changed(self, _change: Any) -> None:
        """A live setting: the run has it from its next step on, and its picture now; without a run a text is read."""
        live = {name: self.values[name] for name in self.training.live}
        try:
            if self.run is not None:
                self.run = self.training.change(self.run, **live)
                self.redraw()
            elif self.training.is_typed:
                self._say(self.training.beforehand(**live))
        except ValueError as refused:
            self._say(f"Not read: {refused}.")

    async def _train(self) -> None:
        try:
            while len(self.run.losses) < self.training.steps:
                start, step = time.perf_counter(), len(self.run.losses)
                self.run = self.training.advance(self.run, SLICE)
                self.redraw()
                pace = (len(self.run.losses) - step) / (time.perf_counter() - start)
                left = duration((self.training.steps - len(self.run.losses)) / pace)
                self.pace.value = f"{pace:.0f} steps a second, {left} to go"
                await asyncio.sleep(BREATH)
        except (FloatingPointError, ValueError) as error:
            self._say(f"The numbers have run away: {error}. Start anew with a lower learning rate.")
        self.pause()

    def redraw(self) -> None:
        """Picture, sentence and progress of the run as it stands."""
        self.progress.value = len(self.run.losses)
        self._show(self.training.measure(self.run, self.before))

    def _show(self, numbers: Any) -> None:
        sentence = self.training.readout(numbers)
        self.picture.value = picture_html(self.training.draw(numbers), sentence)
        self._say(sentence)

    def _say(self, sentence: str) -> None:
        self.readout.value = said_html(sentence)
