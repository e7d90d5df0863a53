"""Undo and branches lose nothing, and no history is changed behind anybody's back."""

import pytest

from app.engine.next_token import History


def written() -> History:
    """Prompt 5 6, then 10 → 11, back, and 12 by hand beside 11."""
    history = History(prompt=(5, 6)).extend(10, by_hand=False, draw_index=0, p=0.5)
    history = history.extend(11, by_hand=False, draw_index=1, p=0.25)
    return history.undo().extend(12, by_hand=True, p=0.1)


def test_the_path_is_the_branch_one_stands_on():
    history = written()
    assert history.ids() == [5, 6, 10, 12]
    assert history.path() == [0, 2]
    assert history.path(1) == [0, 1]
    assert history.children(0) == [1, 2]
    assert history.children(None) == [0]


def test_probability_is_that_of_the_whole_path():
    history = written()
    assert history.probability() == pytest.approx(0.05)
    assert history.probability(1) == pytest.approx(0.125)
    assert History(prompt=(5,)).probability() == 1


def test_going_back_keeps_every_branch():
    history = written()
    for _ in range(5):
        history = history.undo()
    assert history.current is None
    assert history.ids() == [5, 6]
    assert history.go(1).ids() == [5, 6, 10, 11]


def test_a_token_taken_again_is_the_same_node():
    history = written().undo().extend(11, by_hand=True, p=0.25)
    assert history.current == 1
    assert len(history.nodes) == 3
    assert not history.nodes[1].by_hand, "it keeps how it was first taken"
    # The same token elsewhere is another node.
    assert len(history.extend(11, by_hand=False, draw_index=2, p=0.3).nodes) == 4


def test_histories_are_values():
    before = written()
    before.extend(99, by_hand=False, draw_index=2, p=0.9)
    assert before == written()
    with pytest.raises(AttributeError):
        before.current = 0


@pytest.mark.parametrize("node", [-1, 3])
def test_nodes_that_are_not_there(node):
    with pytest.raises(IndexError):
        written().go(node)
