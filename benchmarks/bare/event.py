"""One button, one HTML output, Gradio's queue: the reference for a press. `python event.py --port N`"""

import itertools
import sys

import gradio as gr

presses = itertools.count(1)

with gr.Blocks() as demo:
    press = gr.Button("press", elem_id="press")
    answer = gr.HTML("<b>0</b>", elem_id="answer")
    press.click(lambda: f"<b>{next(presses)}</b>", None, answer, show_progress="hidden")

demo.launch(server_port=int(sys.argv[sys.argv.index("--port") + 1]), quiet=True)
