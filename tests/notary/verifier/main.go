// Verifier: checkpoints and proofs of the ledger before Go's own implementation of signed notes and transparent logs
// (golang.org/x/mod/sumdb, of which C2SP made its standards). Reads one JSON object, answers "ok" or fails.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type point struct {
	Note string
	Size int64
	Root tlog.Hash
}

type given struct {
	Key         string
	Notes       []string
	Inclusions  []struct{ Leaf string; Index int64; Path []string }
	Consistency [][]string
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hashes(texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		check(err)
		found = append(found, hash)
	}
	return
}

func main() {
	var told given
	check(json.NewDecoder(os.Stdin).Decode(&told))
	verifier, err := note.NewVerifier(told.Key)
	check(err)
	var points []point
	for _, text := range told.Notes {
		opened, err := note.Open([]byte(text), note.VerifierList(verifier))
		check(err)
		lines := strings.Split(opened.Text, "\n")
		size, err := strconv.ParseInt(lines[1], 10, 64)
		check(err)
		root, err := tlog.ParseHash(lines[2])
		check(err)
		points = append(points, point{text, size, root})
	}
	last := points[len(points)-1]
	for _, each := range told.Inclusions {
		data, err := base64.StdEncoding.DecodeString(each.Leaf)
		check(err)
		check(tlog.CheckRecord(hashes(each.Path), last.Size, last.Root, each.Index, tlog.RecordHash(data)))
	}
	for at, proof := range told.Consistency {
		old, next := points[at], points[at+1]
		check(tlog.CheckTree(hashes(proof), next.Size, next.Root, old.Size, old.Root))
	}
	fmt.Println("ok", len(told.Notes), len(told.Inclusions), len(told.Consistency))
}
