"""The picture of 「GPT란?」 as plain data: what the browser draws, and every sentence on it."""

from __future__ import annotations

from typing import Any

from app.engine.memory import number_of
from app.models.tokens import CONTEXT_OF_A_PIECE
from app.outside import outside
from app.parts import Part
from app.views.explained import explained
from app.views.numbers import percent
from app.views.snippet import Snippet, loadable
from app.views.tokens import token_view, visible
from lessons.next_token import compute
from lessons.next_token.picture import Picture
from lessons.next_token.preview import knobs
from lessons.next_token.questions import questions
from lessons.next_token.state import COLUMNS, write_choices
from lessons.next_token.tree import count_paths, places


class Figures(Picture):
    """The picture as the browser gets it."""

    def data(self) -> dict[str, Any]:
        state, step, loaded = self.state, self.step, self.loaded
        tokens = self._input_tokens()
        drawn = self._drawn()
        rows = [self._row(row) for row in self.rows]
        bars = (row for row in rows if not row["rest"])
        n_context = min(len(self.ids), loaded.n_ctx)
        return {
            "tokens": tokens,
            "offset": len(self.ids) - len(tokens),
            "drawn": drawn,
            "u": self.u,
            "n_input": len(self.ids),
            "n_typed": len(state.history.prompt),
            "grown": self._grown(),
            "n_context": n_context,
            "n_ctx": loaded.n_ctx,
            "n_dropped": step.n_dropped,
            "window_note": self._window_note(),
            "kv_saved": step.numbers_saved,
            "kv_fresh": step.n_computed,
            "rows": Part((*self._of(), self.hit, state.guess), lambda: rows),
            "hit": self.hit,
            "tree": self._tree(),
            "hidden": state.hidden,
            "ended": self.ended,
            "say": self._say(drawn, n_context),
            "look": self._look(),
            "pieces": explained([*tokens, *filter(None, [drawn]), *bars], self.words),
            "outside": Part(self._of_text(), lambda: outside(self.context, self.page)),
            "cover": self.words("cover", text=self.ending(self.ids, 40)),
            "knobs": knobs(state),
            "knobs_line": self._knobs_line(),
            "notes": self._notes(),
            "compare": Part((*self._of(), state.seed), self._compare) if state.compare else None,
            "cache_now": self._cache_now(),
            "code": self._code(),
            "questions": [] if state.hidden else questions(self),
            "board_note": self.words("board_note"),
            "ids": write_choices(self.state.ids),
            "alt": self._alt(tokens, drawn),
        }

    def _of_text(self) -> tuple[Any, ...]:
        """What is made of the learner's text alone."""
        return self.context.lang, number_of(self.loaded), self.page.text

    def _of(self) -> tuple[Any, ...]:
        """What the bars are made of."""
        state = self.state
        knobs = state.temperature, state.top_k, state.top_p
        return self.context.lang, number_of(self.loaded), self.ids, self._drawn_id(), *knobs

    def _drawn_id(self) -> int | None:
        return self.path[-1].token_id if self.pending else None

    def _input_tokens(self) -> list[dict[str, Any]]:
        pieces = self.loaded.tokenizer.pieces(self.ids[-COLUMNS - 8 :])[-COLUMNS:]
        n_prompt = len(self.state.history.prompt)
        first = len(self.ids) - len(pieces)
        tokens = []
        for index, piece in enumerate(pieces, start=first):
            by_hand = index >= n_prompt and self.path[index - n_prompt].by_hand
            tokens.append(token_view(piece, self.label(piece.id)) | {"by_hand": by_hand})
        return tokens

    def _grown(self) -> str:
        """What has come after the learner's text, as text."""
        n_prompt, decode = len(self.state.history.prompt), self.loaded.tokenizer.decode
        near = self.ids[max(0, n_prompt - CONTEXT_OF_A_PIECE) :]
        before = decode(near[: min(n_prompt, CONTEXT_OF_A_PIECE)])
        return visible(decode(near).removeprefix(before))

    def _drawn(self) -> dict[str, Any] | None:
        return self.token(self.path[-1].token_id, by_hand=self.path[-1].by_hand) if self.pending else None

    def _row(self, row) -> dict[str, Any]:
        shown = {
            "before": row.before,
            "after": row.after,
            "spans": row.spans,
            "cut": row.cut,
            "rest": row.rest,
        }
        if row.rest:
            return shown
        guess = bool(self.guessed) and row.token_id == self.guessed[0][0]
        return self.token(row.token_id) | shown | {"guess": guess}

    def _say(self, drawn: dict[str, Any] | None, n_context: int) -> str:
        if self.ended:
            return self.words("say.ended")
        if drawn:
            key = "say.by_hand" if drawn["by_hand"] else "say.drawn"
            return self.words(key, n=len(self.ids) + 1, piece=drawn["piece"])
        if self.state.landed:
            return self.words("say.landed", piece=self.piece(self.ids[-1], self.ids[:-1]), n=n_context)
        return self.words("say.none")

    def _look(self) -> str:
        """여기를 보세요: the one thing that is most worth seeing on this picture."""
        state, warped = self.state, self.warped
        if state.hidden:
            return self.words("look.hidden")
        if self.guessed:
            ids, p, rank = self.guessed
            vocabulary = f"{self.loaded.vocab_size:,}"
            shown = {"guess": state.guess.strip(), "p": percent(p), "piece": self.piece(ids[0])}
            return self.words("look.guess", **shown, rank=f"{rank:,}", vocabulary=vocabulary)
        if self.step.n_dropped and not self.step.n_reused:
            return self.words("look.window", all=self.loaded.n_ctx, dropped=self.step.n_dropped)
        best = int(warped.order[0])
        best_p = percent(float(warped.p_after[best]))
        if not self.pending:
            return self.words("look.none", best=self.piece(best), best_p=best_p)
        row = self.rows[self.hit]
        piece, before = self.piece(row.token_id), percent(row.before)
        if self.path[-1].draw_index is None:
            return self.words("look.by_hand", piece=piece, before=before)
        if self.u is None:
            return self.words(
                "look.turned", piece=piece, now=self.piece(compute.drawn_now(self.loaded, state))
            )
        u = f"{self.u:.3f}"
        if row.token_id == best:
            return self.words("look.first", u=u)
        span = f"{row.spans[0][0]:.2f}–{row.spans[0][1]:.2f}"
        return self.words("look.other", best=self.piece(best), best_p=best_p, u=u, piece=piece, span=span)

    def _window_note(self) -> str:
        if self.step.n_dropped:
            return self.words("window.full", dropped=self.step.n_dropped)
        return self.words("window.free", all=self.loaded.n_ctx)

    def _knobs_line(self) -> str:
        off = self.context.words["ui.off"]
        state = self.state
        top_k, top_p = state.top_k or off, off if state.top_p == 1 else f"{state.top_p:g}"
        return self.words("knobs_line", temperature=f"{state.temperature:g}", top_k=top_k, top_p=top_p)

    def _notes(self) -> dict[str, str]:
        heat = self.state.temperature
        key = "note.cold" if heat < 1 else "note.hot" if heat > 1 else "note.plain"
        n_k, n_p = self.warped.n_after_top_k, self.warped.n_after_top_p
        return {
            "temperature": self.words(key),
            "top_k": self.words("note.kept", all=f"{self.loaded.vocab_size:,}", kept=f"{n_k:,}"),
            "top_p": self.words("note.kept", all=f"{n_k:,}", kept=f"{n_p:,}"),
        }

    def _cache_now(self) -> str:
        step, loaded = self.step, self.loaded
        numbers = {"reused": step.n_reused, "computed": step.n_computed, "saved": f"{step.numbers_saved:,}"}
        return self.words("cache_now", **numbers, layers=loaded.n_layer, width=loaded.d_model)

    def _compare(self) -> list[dict[str, Any]]:
        shown = []
        for method, steps in compute.compare(self.loaded, self.state).items():
            context, tokens, whole = list(self.ids), [], 1.0
            for token_id, p in steps:
                tokens.append(self.token(token_id, context, p=p))
                context.append(token_id)
                whole *= p
            names = {"name": self.words(f"compare.{method}"), "about": self.words(f"compare.{method}_about")}
            shown.append(names | {"tokens": tokens, "p": percent(whole, 2)})
        return shown

    def _code(self) -> Snippet:
        """The values of this screen in the two lines of the file that name them."""
        state = self.state
        spec = self.context.registry.spec(self.page.model)
        name = loadable(spec)
        n_prompt = len(state.history.prompt)
        index = self.path[-1].draw_index if self.pending and not self.path[-1].by_hand else state.draws
        values = {
            "name, text, ids = ": f"{name!r}, {self.page.text!r}, {self.ids[n_prompt:]!r}",
            "temperature, top_k, top_p, seed, index = ": ", ".join(
                # a whole temperature as 1.0, since transformers refuses 1
                str(value)
                for value in (float(state.temperature), state.top_k, state.top_p, state.seed, index)
            ),
        }
        return Snippet("snippets/distribution.py", values)

    def _alt(self, tokens: list[dict[str, Any]], drawn: dict[str, Any] | None) -> dict[str, str]:
        shown = "".join((" " if token["space"] else "") + token["piece"] for token in tokens).strip()
        output = self.words("alt.strip_drawn", piece=drawn["piece"]) if drawn else ""
        best = int(self.warped.order[0])
        best_p = percent(float(self.warped.p_after[best]))
        told = self.words("alt.distribution", best=self.piece(best), best_p=best_p)
        return {
            "strip": self.words("alt.strip", input=shown, output=output).strip(),
            "distribution": "" if self.state.hidden else told,
            "tree": self.words("alt.tree", n=count_paths(self.state.history)),
        }

    def _tree(self) -> dict[str, Any]:
        history = self.state.history
        in_view, hidden = places(history)
        current = set(history.path())
        nodes = []
        for place in in_view:
            branch = [*history.prompt, *(history.nodes[index].token_id for index in history.path(place.node))]
            if place.node is None:
                branch = list(history.prompt)
            on = place.node is None or place.node in current
            shown = {
                "index": place.node,
                "parent": place.parent,
                "depth": place.depth,
                "row": place.row,
                "leaf": place.leaf,
            }
            shown |= {"on": on, "now": place.node == history.current and place.node is not None}
            if place.node is not None:
                shown |= {"p": history.nodes[place.node].p, "path_p": history.probability(place.node)}
            else:
                shown |= {"p": 1.0, "path_p": None}
            nodes.append(self.token(branch[-1], branch[:-1]) | shown)
            if place is in_view[0]:
                before = self.ending(branch[:-1], 24)
        return {"nodes": nodes, "before": before, "paths": count_paths(history), "hidden_paths": hidden}
