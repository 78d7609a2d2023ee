"""Figures become small files without losing what their colours say."""

import io

import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image

from attncourse.drawing.canvas import place, sheet, to_png


def test_a_hundred_areas_keep_their_colours_however_small_the_file(rng):
    colours = rng.integers(40, 216, size=(10, 10, 3))
    figure = sheet(height=200)
    axes = place(figure, 0, 0, 720, 200)
    axes.set(xlim=(0, 10), ylim=(0, 10))
    axes.axis("off")
    for i, j in np.ndindex(10, 10):
        axes.add_patch(Rectangle((j, 9 - i), 1, 1, facecolor=colours[i, j] / 255))
    axes.plot([0, 10], [0, 10], color="#123456")  # slanting edges, whose shades must not crowd out the areas
    picture = np.asarray(Image.open(io.BytesIO(to_png(figure, most=1))).convert("RGB"))
    middles = picture[20::40, 24::144]  # off the diagonal, a third into each area
    np.testing.assert_array_equal(middles, colours)
