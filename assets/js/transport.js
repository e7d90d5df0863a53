/* How an action gets to Python and how its picture comes back. */

/** From now on what Python answers arrives in `stage.receive`. `wires`: what Gradio hands to a component. */
export const connect = (stage, wires) => {
  stage.wires = wires;
  wires.watch("value", () => stage.receive(wires.props.value));
};

/** Send one action; one that names a model may take a while and is told how far it is. */
export const send = (stage, payload) => stage.wires.trigger("name" in payload ? "fetch" : "act", payload);
