package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/dgryski/go-metro"
	minwise "github.com/dgryski/go-minhash"
	minhashlsh "github.com/ekzhu/minhash-lsh"
	"github.com/mfonda/simhash"
	"golang.org/x/text/unicode/norm"

	"neardup/shingle"
)

// A peer is something that neardup is compared with, used as its own documentation says. It gets
// normalised texts, so that it fails for no width or case, and character 5-grams where it takes
// features from outside: the shingles by which the truth is told.
type peer struct {
	name, what string
	find       func(docs []Document, found func(a, b int))
}

var peers = []peer{
	{"minhash-lsh", "ekzhu/minhash-lsh with its own MinHash, 128 minima, pairs whose signatures agree in 0.8", minhashPairs(fnvMinhash)},
	{"go-minhash", "dgryski/go-minhash with dgryski/go-metro for a hash, searched as above", minhashPairs(metroMinhash)},
	{"simhash-5grams", "mfonda/simhash over character 5-grams, distance up to 3", simhashPairs(gramsSimhash)},
	{"simhash-words", "mfonda/simhash over its word features, distance up to 3", simhashPairs(wordsSimhash)},
}

// runPeer is what the process of a peer does: read a corpus, write pairs of line numbers.
func runPeer(name, corpus string, out io.Writer) error {
	p := slices.IndexFunc(peers, func(p peer) bool { return p.name == name })
	if p < 0 {
		return fmt.Errorf("there is no peer %q", name)
	}
	docs, err := readCorpus(corpus)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	var line []byte
	peers[p].find(docs, func(a, b int) {
		line = strconv.AppendInt(line[:0], int64(min(a, b)), 10)
		line = strconv.AppendInt(append(line, ' '), int64(max(a, b)), 10)
		w.Write(append(line, '\n'))
	})
	return w.Flush()
}

// fiveGrams returns the runs of five characters of text, repeats included.
func fiveGrams(text string) [][]byte {
	b := []byte(text)
	starts := make([]int, 0, len(b)+1)
	for i := range text {
		starts = append(starts, i)
	}
	starts = append(starts, len(b))
	var grams [][]byte
	for i := 0; i+5 < len(starts); i++ {
		grams = append(grams, b[starts[i]:starts[i+5]])
	}
	return grams
}

func wordsSimhash(text string) uint64 {
	return simhash.Simhash(simhash.NewUnicodeWordFeatureSet([]byte(text), norm.NFKC))
}

func gramsSimhash(text string) uint64 { return simhash.SimhashBytes(fiveGrams(text)) }

// simhashPairs finds pairs within 3 bits: of four blocks of 16 bits such a pair has one in common
// (Manku, Jain and Das Sarma, WWW 2007). The library itself brings no search.
func simhashPairs(hash func(string) uint64) func(docs []Document, found func(a, b int)) {
	return func(docs []Document, found func(a, b int)) { simhashSearch(docs, hash, found) }
}

func simhashSearch(docs []Document, hash func(string) uint64, found func(a, b int)) {
	const radius, blocks = 3, 4
	hashes := make([]uint64, len(docs))
	var tables [blocks]map[uint16][]int
	for t := range tables {
		tables[t] = map[uint16][]int{}
	}
	for i, d := range docs {
		h := hash(shingle.Normalize(d.Text))
		hashes[i] = h
		for t := range tables {
			block := uint16(h >> (16 * t))
			for _, j := range tables[t][block] {
				if simhash.Compare(h, hashes[j]) > radius {
					continue
				}
				first := true // block that they have in common: each pair counts once
				for u := range t {
					first = first && uint16(h>>(16*u)) != uint16(hashes[j]>>(16*u))
				}
				if first {
					found(j, i)
				}
			}
			tables[t][block] = append(tables[t][block], i)
		}
	}
}

const (
	threshold = 0.8 // of resemblance
	minima    = 128 // of a MinHash signature
)

// fiveCharacters are the shingles of all comparisons.
var fiveCharacters = shingle.Params{Size: 5}

type signer interface {
	Push(b []byte)
	Signature() []uint64
}

// fnvMinhash is the signature code that comes with minhash-lsh.
func fnvMinhash() signer { return minhashlsh.NewMinhash(1, minima) }

// metroMinhash is go-minhash with a fast hash.
func metroMinhash() signer {
	h := func(seed uint64) minwise.Hash64 { return func(b []byte) uint64 { return metro.Hash64(b, seed) } }
	return minwise.NewMinWise(h(1), h(2), minima)
}

// minhashPairs finds the pairs that minhash-lsh has for candidates at the threshold and whose
// signatures agree in such a share.
func minhashPairs(signature func() signer) func(docs []Document, found func(a, b int)) {
	return func(docs []Document, found func(a, b int)) { minhashSearch(docs, signature, found) }
}

func minhashSearch(docs []Document, signature func() signer, found func(a, b int)) {
	index := minhashlsh.NewMinhashLSH(minima, threshold)
	signatures := make([][]uint64, len(docs))
	for i, d := range docs {
		m := signature()
		for _, gram := range fiveGrams(shingle.Normalize(d.Text)) {
			m.Push(gram)
		}
		signatures[i] = m.Signature()
		index.Add(i, signatures[i])
	}
	index.Index()
	for i, s := range signatures {
		for _, candidate := range index.Query(s) {
			if j := candidate.(int); j < i && agreement(s, signatures[j]) >= threshold {
				found(j, i)
			}
		}
	}
}

func agreement(a, b []uint64) float64 {
	equal := 0
	for i := range a {
		if a[i] == b[i] {
			equal++
		}
	}
	return float64(equal) / float64(len(a))
}
