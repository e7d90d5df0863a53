"""An idle server rests: the queue of Gradio, to which nothing goes any more, looks for work rarely."""

from __future__ import annotations

import gradio as gr

from app.doors.building import QUEUE_RESTS, rest


def test_the_queue_of_gradio_looks_for_work_rarely():
    """Fails when a release of Gradio calls these otherwise: then an idle server costs 6 % of a core again."""
    with gr.Blocks() as blocks:
        pass
    assert 0 < blocks._queue.sleep_when_free < QUEUE_RESTS
    assert 0 < blocks._queue.progress_update_sleep_when_free < QUEUE_RESTS
    rest(blocks)
    assert blocks._queue.sleep_when_free == blocks._queue.progress_update_sleep_when_free == QUEUE_RESTS


def test_an_application_without_such_a_queue_is_left_alone():
    rest(object())
