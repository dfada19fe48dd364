package main

import "os/exec"

func goBuild(to, pkg string) ([]byte, error) {
	return exec.Command("go", "build", "-o", to, pkg).CombinedOutput()
}
