"""The names that a shell would run, by how surely they are meant as such."""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# No words of a natural language: after a separator they are commands. Coreutils, procps, iproute2, net-tools, the usual
# transfer and scripting tools, and the commands of cmd.exe and PowerShell (GTFOBins and LOLBAS name most of them).
PLAIN = _set(
    """
    addgroup adduser apk apt-get arch aria2c ash assoc attrib awk base32 base64 bash bcdedit bitsadmin blkid
    brctl bunzip2 busybox bzip2 c89 c99 cacls cat.exe certutil chattr chgrp chmod chown chroot chsh cipher cmd
    cmd.exe cmdkey cmp cpio crontab cscript csh curl dash dd df dhclient dig dir diskpart dmesg dnf doskey dpkg
    driverquery dscl du dumpcap easy_install echo ed egrep ethtool expr fdisk fgrep findstr finger fish forfiles
    fsutil ftp ftype fuser gawk gcc gci gcore gdb get-childitem get-content get-process getent getfacl getmac
    gpg gpresult gps gpupdate grep groupadd groupmod gsudo gunzip gwmi gzip hexdump hostname hping hping3 httpd
    icacls iconv id iex ifconfig ifdown ifup invoke-expression invoke-webrequest ipconfig ipconfig.exe ipfw
    iptables irm iwconfig iwr journalctl jq kextload killall ksh last lastb ldapsearch ldconfig ldd ln logman
    lpr ls lsattr lsb_release lsblk lscpu lsmod lsof lspci lsusb ltrace lua lwp-download lwp-request lynx lzma
    makecab mawk md5sum mkdir mkfifo mkfs mklink mknod mktemp mode modprobe mount mshta msiexec mstsc mv mysql
    mysqladmin mysqldump nano nasm nawk nbtstat nc ncat net.exe net1 netcat netsh netstat new-object nltest nmap
    nohup npm npx nslookup ntpdate nvram od openssl osascript passwd pathping perl pgrep phpinfo pico pidof ping
    ping.exe ping6 pip pip3 pkexec pkg pkill pmap popd poweroff powershell powershell.exe printenv printf ps
    psexec psql pstree pushd pwd pwsh python2 python3 query qwinsta rar readelf readlink realpath reboot reg
    regedit regsvr32 rm rmdir robocopy rpm rsync runas rundll32 rview rvim saps sc schtasks scp sed setarch setx
    sftp sh sha1sum sha256sum shuf shutdown smbclient socat spawn sqlite3 ss ssh ssh-keygen start-process strace
    strings stty su subinacl subst sudo sum svn sysctl systemctl systeminfo systeminfo.exe tac takeown tar
    taskkill tasklist tasklist.exe tasksvc tclsh tcpdump tcsh tee telnet tftp traceroute tracert tshark tty
    tzset ulimit umount uname uniq unlink unlzma unset unxz unzip uptime useradd userdel usermod uudecode
    uuencode vdir ver vi vigr vim vimdiff vipw virsh vol vssadmin wc wevtutil wget whoami whoami.exe whois winrm
    winrs wmic wscript xargs xcopy xmore xxd xz xzcat yum zcat zgrep zip zless zmore zsh zypper
    """
)

# Words people write. They count at the start of a value, and elsewhere when what follows looks like an argument.
WORDS = _set(
    """
    ab alias apt ar at atq batch bc bg bzcat bzgrep bzless bzmore cat cd chdir clear cls code column comm copy
    cp cpan cpulimit crash csvtool cut date declare del dialog diff docker dosbox dump dvips emacs enable env
    erase eval exec exit expand expect export facter fc fetch fg file find flock fmt fold for format free
    function gem ghc ghci gimp ginsh git go grc gtester halt hd head help highlight history host if import info
    install ionice ip irb java jjs job jobs joe join jrunscript jshell julia kill knife ksshell latex less link
    local locate login logname logout look mail mailx make man md more move msfconsole msg multitime net next
    nft nice nl node nroff octave open openvpn pact pandoc passthru paste patch path pdb pexec pg php pic pr
    print process prompt pry python quit rake rbash rd read rename replace restart restic rev rlwrap route rpmdb
    rpmquery rpmverify ruby run rustc scale screen script select service set sg shell shift sleep slsh softlimit
    sort source split start start-stop-daemon stat stdbuf stop system tail task taskset tasksh tbl tdbtool test
    tic time timeout tmux top torify touch tr trap tree troff type unexpand unshare until up update-alternatives
    users vagrant valgrind varnishncsa verify view w wait wall watch when where which while who wireshark wish
    write xterm yarn zsoelim
    """
)

# A word that only with one of these behind it is surely a command.
SECOND = {
    "net": _set(
        "accounts config file group localgroup send session share start statistics stop time use user users view"
    ),
    "ip": _set("a addr address link neigh netns r route rule"),
    "service": _set("--status-all apache2 httpd mysql nginx ssh sshd"),
    "apt": _set("install list update upgrade"),
    "set": _set("/ /a /p"),
    "who": _set("am"),
    "git": _set("--help clone config log status"),
    "docker": _set("exec ps run"),
}
