//go:build race

package guardcmd

const raceEnabled = true
