package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/publish"
	"vitrine/internal/engine/starter"
)

// maxSource is the largest file of rules or samples in bytes.
const maxSource = 64 << 20

// sources reads rules. A file of a directory is called by its place below the
// directory's parent, so that two directories do not mix.
func sources(paths []string, withStarter bool) ([]bundle.File, error) {
	var list []bundle.File
	if withStarter {
		for _, s := range starter.Sources() {
			list = append(list, bundle.File{Name: path.Join("starter", s.Name), Data: s.Text})
		}
	}
	for _, p := range paths {
		files, err := tree(p)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if isRules(f.Name) {
				list = append(list, f)
			}
		}
	}
	return list, nil
}

func isRules(name string) bool {
	ext := path.Ext(name)
	return ext == ".yar" || ext == ".yara" || ext == ".inc"
}

// tree reads a file, or all files below a folder, named from the folder on.
func tree(root string) ([]bundle.File, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(filepath.Clean(root))
	if !info.IsDir() {
		data, err := readFile(root)
		return []bundle.File{{Name: base, Data: data}}, err
	}
	var list []bundle.File
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := readFile(filepath.Join(root, filepath.FromSlash(name)))
		list = append(list, bundle.File{Name: path.Join(base, name), Data: data})
		return err
	})
	return list, err
}

func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSource {
		return nil, fmt.Errorf("%s: %d bytes, and %d are the most", name, info.Size(), maxSource)
	}
	return os.ReadFile(name)
}

// readSelfTest reads the samples of a self-test.
func readSelfTest(dir string, r *publish.Rules) error {
	for name, list := range map[string]*[]bundle.File{"detect": &r.Detect, "clean": &r.Clean} {
		files, err := tree(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, f := range files {
			*list = append(*list, bundle.File{Name: strings.TrimPrefix(f.Name, name+"/"), Data: f.Data})
		}
	}
	data, err := readFile(filepath.Join(dir, "detect.json"))
	if errors.Is(err, fs.ErrNotExist) && len(r.Detect) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &r.Expect); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, "detect.json"), err)
	}
	return nil
}
