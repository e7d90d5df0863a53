"""Gradio's hello world, the reference for the start-up time: `python hello.py --port N`."""

import sys

import gradio as gr


def greet(name: str) -> str:
    return f"Hello, {name}!"


demo = gr.Interface(greet, inputs="text", outputs="text")
demo.launch(server_port=int(sys.argv[sys.argv.index("--port") + 1]), quiet=True)
