// SPDX-License-Identifier: Apache-2.0

// Reads our log with other people's code: golang.org/x/mod/sumdb/{note,tlog} and
// github.com/transparency-dev/{merkle,formats}.
//
//	check log VKEY FOLDER|URL         the whole log: notes, every tile, every entry, proofs
//	check proof VKEY FILE ENTRY       a .tlog-proof file and its entry
//	check cosigned VKEY FILE WITNESS...  a checkpoint and the cosignatures of all these witnesses
//	check json VKEY FILE              an inclusion proof as the API answers it
//	check consistency VKEY FILE       a consistency proof as the API answers it
//
// Exit status 0 when everything is accepted, 1 with the reason when it is not.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	fmtlog "github.com/transparency-dev/formats/log"
	fmtnote "github.com/transparency-dev/formats/note"
	fmtproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// source gives files by their names, from a folder or over HTTP.
type source string

func (s source) get(name string) ([]byte, error) {
	if !strings.HasPrefix(string(s), "http") {
		return os.ReadFile(filepath.Join(string(s), name))
	}
	request, err := http.NewRequest("GET", string(s)+"/"+name, nil)
	if err != nil {
		return nil, err
	}
	if token := os.Getenv("LOG_TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", name, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// Height, ReadTiles and SaveTiles make a tlog.TileReader of it.
func (s source) Height() int { return tileHeight }

func (s source) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := s.get(strings.Replace(t.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (s source) SaveTiles([]tlog.Tile, [][]byte) {}

// open reads a checkpoint with both libraries; they must agree.
func open(data []byte, verifier note.Verifier) (tlog.Tree, error) {
	n, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	c, rest, _, err := fmtlog.ParseCheckpoint(data, verifier.Name(), verifier)
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(rest) > 0 || n.Text != string(c.Marshal()) {
		return tlog.Tree{}, errors.New("the checkpoint has more than three lines")
	}
	tree := tlog.Tree{N: int64(c.Size)}
	if copy(tree.Hash[:], c.Hash) != tlog.HashSize || len(c.Hash) != tlog.HashSize {
		return tlog.Tree{}, errors.New("the root is not 32 bytes")
	}
	return tree, nil
}

// bundle splits an entry bundle, which must hold exactly so many entries.
func bundle(data []byte, width int64) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, errors.New("a bundle is cut")
		}
		length := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+length {
			return nil, errors.New("a bundle is cut")
		}
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if int64(len(entries)) != width {
		return nil, fmt.Errorf("a bundle has %d entries instead of %d", len(entries), width)
	}
	return entries, nil
}

// bundlePath is the path of the tile of the same number, with "entries" for its level.
func bundlePath(n, width int64) string {
	path := tlog.Tile{H: tileHeight, L: 0, N: n, W: int(width)}.Path()
	return strings.Replace(path, "tile/8/0/", "tile/entries/", 1)
}

func checkEntries(s source, tree tlog.Tree, reader tlog.HashReader) error {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	whole := factory.NewEmptyRange(0)
	for n := int64(0); n*256 < tree.N; n++ {
		width := min(256, tree.N-n*256)
		data, err := s.get(bundlePath(n, width))
		if err != nil {
			return err
		}
		entries, err := bundle(data, width)
		if err != nil {
			return err
		}
		var indexes []int64
		for i := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, n*256+int64(i)))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				return fmt.Errorf("entry %d is not what its tile says", n*256+int64(i))
			}
			if err := whole.Append(rfc6962.DefaultHasher.HashLeaf(entry), nil); err != nil {
				return err
			}
		}
	}
	root, err := whole.GetRootHash(nil)
	if err != nil || !bytes.Equal(root, tree.Hash[:]) {
		return fmt.Errorf("the root of the entries is not the signed one (%v)", err)
	}
	return nil
}

func checkInclusion(tree tlog.Tree, reader tlog.HashReader) error {
	for _, n := range []int64{0, 1, tree.N / 3, tree.N / 2, tree.N - 2, tree.N - 1} {
		if n < 0 || n >= tree.N {
			continue
		}
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		if err != nil {
			return err
		}
		path, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(path, tree.N, tree.Hash, n, hashes[0]); err != nil {
			return err
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(n), uint64(tree.N),
			hashes[0][:], bytesOf(path), tree.Hash[:]); err != nil {
			return err
		}
	}
	return nil
}

func bytesOf(hashes []tlog.Hash) [][]byte {
	var all [][]byte
	for i := range hashes {
		all = append(all, hashes[i][:])
	}
	return all
}

// checkHistory joins each stored checkpoint with the newest.
func checkHistory(s source, verifier note.Verifier, tree tlog.Tree, reader tlog.HashReader) error {
	data, err := s.get("checkpoints")
	if err != nil {
		return nil // not every copy has them
	}
	for _, text := range splitNotes(string(data)) {
		old, err := open([]byte(text), verifier)
		if err != nil {
			return err
		}
		if old.N == 0 || old.N > tree.N {
			return fmt.Errorf("a checkpoint of %d entries beside one of %d", old.N, tree.N)
		}
		path, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(path, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return err
		}
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old.N), uint64(tree.N),
			bytesOf(path), old.Hash[:], tree.Hash[:]); err != nil {
			return err
		}
	}
	return nil
}

func splitNotes(text string) []string {
	var notes []string
	var current strings.Builder
	signed := false
	for _, line := range strings.SplitAfter(text, "\n") {
		isSignature := strings.HasPrefix(line, "— ")
		if signed && !isSignature {
			notes = append(notes, current.String())
			current.Reset()
		}
		signed = isSignature
		current.WriteString(line)
	}
	return notes
}

func checkLog(verifier note.Verifier, place string) error {
	s := source(strings.TrimSuffix(place, "/"))
	started := time.Now()
	data, err := s.get("checkpoint")
	if err != nil {
		return err
	}
	tree, err := open(data, verifier)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, s)
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the tiles do not have the signed root")
	}
	for _, step := range []func() error{
		func() error { return checkEntries(s, tree, reader) },
		func() error { return checkInclusion(tree, reader) },
		func() error { return checkHistory(s, verifier, tree, reader) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	fmt.Printf("accepted: %d entries in %.3f s\n", tree.N, time.Since(started).Seconds())
	return nil
}

func checkProof(verifier note.Verifier, file, entry string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	body, err := os.ReadFile(entry)
	if err != nil {
		return err
	}
	var p fmtproof.TLogProof
	if err := p.Unmarshal(data); err != nil {
		return err
	}
	tree, err := open(p.Checkpoint, verifier)
	if err != nil {
		return err
	}
	var path [][]byte
	for i := range p.Hashes {
		path = append(path, p.Hashes[i][:])
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, uint64(tree.N),
		rfc6962.DefaultHasher.HashLeaf(body), path, tree.Hash[:])
}

type envelope struct{ Envelope string }

func decode(texts []string) ([][]byte, error) {
	var all [][]byte
	for _, text := range texts {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func read(file string, into any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func checkJSON(verifier note.Verifier, file string) error {
	var answer struct {
		CanonicalizedBody []byte
		InclusionProof    struct {
			LogIndex   string
			TreeSize   string
			Hashes     []string
			Checkpoint envelope
		}
	}
	if err := read(file, &answer); err != nil {
		return err
	}
	tree, err := open([]byte(answer.InclusionProof.Checkpoint.Envelope), verifier)
	if err != nil {
		return err
	}
	index, err := strconv.ParseUint(answer.InclusionProof.LogIndex, 10, 64)
	if err != nil {
		return err
	}
	path, err := decode(answer.InclusionProof.Hashes)
	if err != nil {
		return err
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, index, uint64(tree.N),
		rfc6962.DefaultHasher.HashLeaf(answer.CanonicalizedBody), path, tree.Hash[:])
}

func checkConsistency(verifier note.Verifier, file string) error {
	var answer struct {
		Hashes                       []string
		OldCheckpoint, NewCheckpoint envelope
	}
	if err := read(file, &answer); err != nil {
		return err
	}
	old, err := open([]byte(answer.OldCheckpoint.Envelope), verifier)
	if err != nil {
		return err
	}
	tree, err := open([]byte(answer.NewCheckpoint.Envelope), verifier)
	if err != nil {
		return err
	}
	path, err := decode(answer.Hashes)
	if err != nil {
		return err
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old.N), uint64(tree.N), path,
		old.Hash[:], tree.Hash[:])
}

// checkCosigned wants the log's signature and one of each witness, at a time of this century.
func checkCosigned(verifier note.Verifier, file string, witnesses []string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	verifiers := []note.Verifier{verifier}
	for _, vkey := range witnesses {
		witness, err := fmtnote.NewVerifierForCosignatureV1(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, witness)
	}
	_, _, signed, err := fmtlog.ParseCheckpoint(data, verifier.Name(), verifier, verifiers[1:]...)
	if err != nil {
		return err
	}
	if len(signed.Sigs) != len(verifiers) {
		return fmt.Errorf("%d of %d signatures are right", len(signed.Sigs), len(verifiers))
	}
	for _, signature := range signed.Sigs[1:] {
		at, err := fmtnote.CoSigV1Timestamp(signature)
		if err != nil {
			return err
		}
		if at.Year() < 2000 || at.Year() > 2100 {
			return fmt.Errorf("cosigned in %d", at.Year())
		}
	}
	return nil
}

func run(arguments []string) error {
	if len(arguments) < 3 {
		return errors.New("usage: check log|proof|cosigned|json|consistency VKEY FILE...")
	}
	verifier, err := note.NewVerifier(arguments[1])
	if err != nil {
		return err
	}
	switch {
	case arguments[0] == "log":
		return checkLog(verifier, arguments[2])
	case arguments[0] == "proof" && len(arguments) == 4:
		return checkProof(verifier, arguments[2], arguments[3])
	case arguments[0] == "cosigned" && len(arguments) > 3:
		return checkCosigned(verifier, arguments[2], arguments[3:])
	case arguments[0] == "json":
		return checkJSON(verifier, arguments[2])
	case arguments[0] == "consistency":
		return checkConsistency(verifier, arguments[2])
	}
	return errors.New("unknown check")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}
