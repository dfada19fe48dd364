package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"vitrine/bench"
	"vitrine/internal/engine/clamav"
	"vitrine/yara"
)

// yaraEngine is vitrine/yara.
type yaraEngine struct {
	source string
	rules  *yara.Rules
}

func newYaraEngine(path string) (*yaraEngine, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := yara.NewCompiler(yara.Config{})
	if err := c.Add(yara.Source{Text: text}); err != nil {
		return nil, err
	}
	rules, err := c.Rules()
	return &yaraEngine{path, rules}, err
}

// loadedYaraEngine begins with compiled rules, which it maps.
func loadedYaraEngine(path string) (*yaraEngine, error) {
	data, err := mapped(path)
	if err != nil {
		return nil, err
	}
	rules, err := yara.Load(data)
	return &yaraEngine{path, rules}, err
}

// mapped gives the bytes of a file without a copy of them.
func mapped(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return data, nil
}

func (e *yaraEngine) compile() error {
	_, err := newYaraEngine(e.source)
	return err
}

func (e *yaraEngine) reload(path string) error {
	data, err := mapped(path)
	if err != nil {
		return err
	}
	_, err = yara.Load(data)
	return errors.Join(err, unix.Munmap(data))
}

func (e *yaraEngine) save(path string) (int64, error) {
	data, err := e.rules.MarshalBinary()
	if err != nil {
		return 0, err
	}
	return int64(len(data)), os.WriteFile(path, data, 0o600)
}

func (e *yaraEngine) scanner(flags int) (func([]byte) (bench.Verdict, error), error) {
	s, err := yara.NewScanner(e.rules, yara.ScanConfig{Matches: flags&withOffsets != 0})
	return func(data []byte) (bench.Verdict, error) {
		result, err := s.Scan(context.Background(), data)
		if err != nil {
			return bench.Verdict{}, err
		}
		var v bench.Verdict
		for _, m := range result.Matches {
			add(&v, m.Rule.Name)
		}
		return v, nil
	}, err
}

func add(v *bench.Verdict, name string) {
	h := fnv.New64a()
	h.Write([]byte(name))
	v.Count++
	v.Sum += h.Sum64()
}

// clamEngine is vitrine's reader and scanner of ClamAV databases.
type clamEngine struct {
	dir      string
	database *clamav.Database
}

func newClamEngine(dir string) (*clamEngine, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(entries, func(a, b os.DirEntry) int { return clamav.Order(a.Name()) - clamav.Order(b.Name()) })
	loader := clamav.NewLoader(clamav.Config{})
	for _, entry := range entries {
		f, err := os.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		err = loader.Add(entry.Name(), f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", entry.Name(), err)
		}
	}
	database, err := loader.Finish()
	return &clamEngine{dir, database}, err
}

func (e *clamEngine) compile() error {
	_, err := newClamEngine(e.dir)
	return err
}

func (e *clamEngine) scanner(int) (func([]byte) (bench.Verdict, error), error) {
	s, err := e.database.NewScanner()
	return func(data []byte) (bench.Verdict, error) {
		result, err := s.Scan(context.Background(), clamav.View{Data: data})
		if err != nil {
			return bench.Verdict{}, err
		}
		var v bench.Verdict
		for _, f := range result.Findings {
			add(&v, f.Name)
		}
		return v, nil
	}, err
}

func (e *clamEngine) save(string) (int64, error) { return 0, errNoCompiledForm }
func (e *clamEngine) reload(string) error        { return errNoCompiledForm }
