package dedup

import "maps"

// maximalRepeats returns, for every place of s at which a longest repeat of something that
// begins earlier begins, that repeat, as a run; the earlier place is the first at which the
// content stands, and may overlap. Repeats that are only the rest of the one before them are
// left out. It takes time linear in len(s) where s has few distinct neighbours, by way of a
// suffix automaton (Blumer et al., "The smallest automaton recognizing the subwords of a
// text", 1985).
func maximalRepeats(s []int) []run {
	a := newAutomaton(s)
	var runs []run
	state, length := 0, 0 // s[i:i+length] leads to state
	for i := range s {
		before := length
		for i+length < len(s) {
			next := a.step(state, s[i+length])
			if next == 0 || a.states[next].firstEnd-length >= i {
				break
			}
			state, length = next, length+1
		}
		if length > 0 && length > before {
			runs = append(runs, run{i, a.states[state].firstEnd - length + 1, length})
		}
		if length > 0 {
			length--
			if link := a.states[state].link; length <= a.states[link].length {
				state = link
			}
		}
	}
	return runs
}

// An automaton has a state for every class of substrings of a sequence that end at the same
// places.
type automaton struct {
	states []automatonState
}

type automatonState struct {
	length   int // of the longest substring of the class
	link     int // the class of the longest suffix that ends at more places
	firstEnd int // the first place at which the substrings end

	// What follows the substrings, and the states it leads to. Most have one follower.
	symbol, to int // to is 0 for none
	others     map[int]int
}

func newAutomaton(s []int) *automaton {
	a := &automaton{states: make([]automatonState, 1, 2*len(s)+1)}
	a.states[0].link, a.states[0].firstEnd = -1, -1
	last := 0
	for i, symbol := range s {
		last = a.extend(last, symbol, i)
	}
	a.states[0].link = 0
	return a
}

// step returns the state that a symbol leads to, 0 for none: nothing leads to the root.
func (a *automaton) step(state, symbol int) int {
	st := &a.states[state]
	if st.symbol == symbol {
		return st.to
	}
	return st.others[symbol]
}

func (a *automaton) setStep(state, symbol, to int) {
	st := &a.states[state]
	switch {
	case st.to == 0 || st.symbol == symbol:
		st.symbol, st.to = symbol, to
	case st.others == nil:
		st.others = map[int]int{symbol: to}
	default:
		st.others[symbol] = to
	}
}

func (a *automaton) extend(last, symbol, end int) int {
	current := len(a.states)
	a.states = append(a.states, automatonState{length: a.states[last].length + 1, firstEnd: end})
	p := last
	for p >= 0 && a.step(p, symbol) == 0 {
		a.setStep(p, symbol, current)
		p = a.states[p].link
	}
	if p < 0 {
		return current
	}
	q := a.step(p, symbol)
	if a.states[q].length == a.states[p].length+1 {
		a.states[current].link = q
		return current
	}
	clone := len(a.states)
	c := a.states[q]
	c.length = a.states[p].length + 1
	c.others = maps.Clone(c.others)
	a.states = append(a.states, c)
	for p >= 0 && a.step(p, symbol) == q {
		a.setStep(p, symbol, clone)
		p = a.states[p].link
	}
	a.states[q].link, a.states[current].link = clone, clone
	return current
}
