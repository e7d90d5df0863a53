/* The line 「여기를 보세요」, made of what the run shows now. */
import { say } from "../../assets/js/particle.js";
import { accuracyAt, begun, isOn, languageAt, lastChange, losses, over } from "./run.js";

const two = (value) => value.toFixed(2);
const three = (value) => value.toFixed(3);

export const look = ({ own, value, words }) => {
  const { run } = own;
  if (value.view === "layers") return value.layers?.look ?? "";
  if (value.view === "parts") return value.say_changed;
  if (value.view === "own" && !own.lines) return words["look.own"];
  if (!run || !begun(run)) return say(words[value.settings.layers < 0 ? "look.ready.nothing" : "look.ready"], { labels: (run?.labels.length ? run.labels : value.labels ?? []).join(", "), steps: value.settings.steps });
  if (own.without) return say(words["look.without"], { label: run.labels[0], before: three(own.probe.probabilities[0]), after: three(own.without.probabilities[0]) });
  const now = losses(run);
  const found = accuracyAt(run);
  const change = lastChange(run);
  const then = change && losses(run, change.step);
  if (then && run.steps.length > change.step) {
    const [before, after] = [accuracyAt(run, change.step), found];
    const moved = words[change.from === 0 ? "look.band.new" : change.to === 0 ? "look.band.gone" : change.to > change.from ? "look.band.thicker" : "look.band.thinner"];
    const since = found && found.step > change.step; // else no accuracy has been measured with this λ
    return say(words[since ? "look.change" : "look.change.l1"], { step: change.step, moved, l1a: two(then.l1), l1b: two(now.l1), a: before ? three(before.accuracy) : "–", b: after ? three(after.accuracy) : "–" });
  }
  const [first, last] = [run.language[0], languageAt(run)];
  if (over(run) && !isOn(run) && first && last.step > 0) {
    return say(words[last.world > first.world ? "look.end.forgot" : "look.end.kept"], { a: found ? three(found.accuracy) : "–", task0: two(first.task), task1: two(last.task), world0: two(first.world), world1: two(last.world) });
  }
  return say(words["look.run"], { step: now.step, l3: two(now.l3), l2: two(now.l2), lambda: Number(two(now.lambda)), l1: two(now.l1), a: found ? three(found.accuracy) : "–" });
};
