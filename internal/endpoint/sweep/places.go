package sweep

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// persistence lists where programs are put that shall start by themselves, and
// the settings that can make others start them.
func persistence() []string {
	return []string{
		"/etc/systemd/system", "/etc/systemd/user", "/run/systemd/system", "/run/systemd/generator*",
		"/usr/local/lib/systemd", "/usr/lib/systemd/system", "/usr/lib/systemd/user", "/usr/lib/systemd/system-generators",
		"/etc/systemd/system-generators", "/usr/lib/systemd/system-sleep", "/usr/lib/systemd/system-shutdown",
		"/etc/crontab", "/etc/anacrontab", "/etc/cron.*", "/var/spool/cron", "/var/spool/at",
		"/etc/inittab", "/etc/init", "/etc/init.d", "/etc/rc.local", "/etc/rc.d", "/etc/local.d", "/etc/runit", "/etc/sv",
		"/etc/profile", "/etc/profile.d", "/etc/environment", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zsh", "/etc/zshrc", "/etc/zshenv",
		"/etc/xdg/autostart", "/etc/X11/Xsession.d", "/etc/X11/xinit", "/etc/update-motd.d", "/etc/ssh/sshrc",
		"/etc/ld.so.preload", "/etc/ld.so.conf.d", "/etc/modules-load.d", "/etc/modprobe.d", "/etc/modules",
		"/lib/modules/*/updates", "/lib/modules/*/extra", "/lib/modules/*/misc", "/lib/modules/*/weak-updates",
		"/etc/udev/rules.d", "/run/udev/rules.d", "/etc/polkit-1", "/etc/dbus-1/system.d", "/usr/local/share/dbus-1",
		"/etc/pam.d", "/etc/apt/apt.conf.d", "/etc/dpkg/dpkg.cfg.d", "/etc/yum/pluginconf.d", "/etc/dnf/plugins",
		"/etc/network/if-*.d", "/etc/NetworkManager/dispatcher.d", "/etc/networkd-dispatcher", "/etc/dhcp/dhclient-*-hooks.d",
		"/etc/logrotate.d", "/etc/acpi", "/etc/pm/sleep.d", "/etc/initramfs-tools", "/etc/grub.d", "/etc/kernel",
		"/usr/local/bin", "/usr/local/sbin",
	}
}

// incoming lists where programs are put for a moment, often by others.
func incoming() []string {
	return []string{"/tmp", "/var/tmp", "/dev/shm", "/run/user", "/run/shm"}
}

// ofUser lists the same below a home folder.
func ofUser() []string {
	return []string{
		".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin",
		".config/fish", ".config/autostart", ".config/autostart-scripts", ".config/systemd/user", ".config/plasma-workspace",
		".config/environment.d", ".local/share/systemd/user", ".local/share/dbus-1", ".local/bin", "bin",
		".xinitrc", ".xsession", ".xprofile", ".Xsession", ".pam_environment", ".ssh/rc", ".ssh/authorized_keys", ".ssh/config", ".ssh/environment",
		".vimrc", ".vim", ".config/nvim", ".gitconfig", ".config/git",
	}
}

// downloads lists what the folder for downloads and the desktop are called.
func downloads() []string {
	return []string{
		"Downloads", "Desktop", "Téléchargements", "Bureau", "Schreibtisch", "Descargas", "Escritorio", "Scaricati", "Scrivania",
		"Transferências", "Área de Trabalho", "Pobrane", "Pulpit", "Загрузки", "Рабочий стол", "Завантаження", "İndirilenler",
		"Hämtningar", "Nedlastinger", "Hentet", "Lataukset", "Stažené", "ダウンロード", "デスクトップ", "下载", "下載", "桌面", "다운로드",
	}
}

// Places gives the files and folders of the quick profile, besides what runs:
// those that are there. What units and ld.so.preload name is among them.
func (m Machine) Places() []string {
	var all []string
	for _, pattern := range append(persistence(), incoming()...) {
		all = append(all, m.expand(m.Root+pattern)...)
	}
	for _, home := range m.homes() {
		for _, name := range append(ofUser(), downloads()...) {
			all = append(all, m.expand(m.Root+home+"/"+name)...)
		}
	}
	for _, named := range append(m.unitTargets(), m.preloaded()...) {
		all = append(all, m.expand(m.Root+named)...)
	}
	return all
}

// expand gives what there is of a pattern.
func (m Machine) expand(pattern string) []string {
	if !strings.ContainsAny(pattern[len(m.Root):], "*?[") {
		if _, err := os.Lstat(pattern); err != nil {
			return nil
		}
		return []string{pattern}
	}
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil
	}
	return found
}

// Bounds of what is read to learn where else to look.
const (
	maxText  = 1 << 20 // bytes of one file
	maxUnits = 5000
	maxHomes = 10_000
)

// lines calls each for every line of a file that root alone can have written:
// what others write is scanned, and not read here.
func lines(name string, each func(string)) {
	f, err := openPath(name, true)
	if err != nil {
		return
	}
	defer f.Close()
	var st unix.Stat_t
	if stat(f, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Mode&0o022 != 0 || (st.Uid != 0 && int(st.Uid) != os.Geteuid()) || st.Size > maxText {
		return
	}
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		each(scanner.Text())
	}
}

// homes gives the home folders of root and of people.
func (m Machine) homes() []string {
	seen := map[string]bool{}
	var all []string
	lines(m.Root+"/etc/passwd", func(line string) {
		fields := strings.Split(line, ":")
		if len(fields) < 7 || len(all) >= maxHomes {
			return
		}
		home := filepath.Clean(fields[5])
		if !strings.HasPrefix(home, "/") || home == "/" || seen[home] {
			return
		}
		seen[home] = true
		all = append(all, home)
	})
	return all
}

// unitTargets gives the programs that the systemd units of the machine start.
func (m Machine) unitTargets() []string {
	var units, targets []string
	for _, folder := range []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"} {
		for _, pattern := range []string{"/*.service", "/*.service.d/*.conf", "/*.socket"} {
			found, _ := filepath.Glob(m.Root + folder + pattern) // the pattern is well formed
			units = append(units, found...)
		}
	}
	for _, unit := range units[:min(len(units), maxUnits)] {
		lines(unit, func(line string) {
			if target := execTarget(line); target != "" {
				targets = append(targets, target)
			}
		})
	}
	return targets
}

// execTarget gives the program that a line of a unit starts, if it is written
// as a whole path.
func execTarget(line string) string {
	key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
	if !ok || !strings.HasPrefix(key, "Exec") {
		return ""
	}
	value = strings.TrimLeft(strings.TrimSpace(value), "-@:+!|")
	value = strings.Trim(strings.SplitN(value+" ", " ", 2)[0], `"'`)
	if !strings.HasPrefix(value, "/") || strings.Contains(value, "%") {
		return ""
	}
	return filepath.Clean(value)
}

// preloaded gives the libraries that every program gets.
func (m Machine) preloaded() []string {
	var all []string
	lines(m.Root+"/etc/ld.so.preload", func(line string) {
		line, _, _ = strings.Cut(line, "#")
		for _, name := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ':' || r == '\t' }) {
			if strings.HasPrefix(name, "/") {
				all = append(all, filepath.Clean(name))
			}
		}
	})
	return all
}
