"""The names that a shell would run, by how surely they are meant as such."""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# No words of a natural language: after a separator they are commands. Coreutils, procps, iproute2, net-tools, the usual
# transfer and scripting tools, and the commands of cmd.exe and PowerShell (GTFOBins and LOLBAS name most of them).
PLAIN = _set(
    """
    add-content clear-host convertto-html copy-item export-csv get-ciminstance get-command get-date get-help get-history get-item
    get-localuser get-location get-netipaddress get-service get-wmiobject import-module invoke-command invoke-item invoke-restmethod
    move-item new-item new-localuser out-file remove-item rename-item restart-computer restart-service select-string set-content
    set-executionpolicy set-itemproperty set-location start-job start-service start-sleep stop-computer stop-process stop-service
    test-connection test-path write-host write-output
    aa-exec addgroup adduser adfind adplus agetty ansible-playbook apk appinstaller apt-get aria2c arj arp
    as86 ascii-xfr ash aspell assoc atbroker attrib awk base32 base64 bash bcdboot bcdedit bconsole bginfo
    bitsadmin blkid bootrec bpftrace brctl bunzip2 busctl busybox byebug bzip2 c89 c99 cacls calc calc.exe capsh cat.exe cdb
    certoc certreq certutil chage chattr check_by_ssh chgrp chkdsk chmod choco chown chpasswd chroot chsh
    cmd cmd.exe cmdkey cmdl32 cmp cmstp cobc colorcpl cowsay cowthink cpio crontab csc cscript csh csplit
    curl dash dd df dhclient diantz dig dir diskpart diskshadow dism dmesg dmidecode dmsetup dnf dnscmd doskey
    dotnet dpkg driverquery dscl dstat du dumpcap dxcap easy_install easyrsa echo ed efax egrep elvish enscript
    eqn esentutl espeak ethtool eventcreate eventvwr exiftool expr extexport extrac32 fakeroot fdisk fgrep
    findstr fltmc forfiles fping fsutil ftp ftype fuser gawk gcc gci gcore gdb genisoimage
    get-childitem get-content get-process getent getfacl getmac gpasswd gpg gpresult gps gpupdate grep groupadd
    groupdel groupmod gs gsudo gunzip gwmi gzip hashcat hd hexdump hostname hostname.exe hping hping3 httpd
    icacls iconv id ie4uinit ieexec iex ifconfig ifdown ifstat ifup ilasm init6 insmod installutil
    invoke-expression invoke-webrequest ipconfig ipconfig.exe ipfw iptables irm ispell iwconfig iwr journalctl
    jq jsc kextload killall killall5 ksh ksu kubectl lastb ldapsearch ldconfig ldd ldifde ln logman logsave
    lp lpr ls lsattr lsb_release lsblk lscpu lsmod lsof lspci lsusb ltrace lua lualatex luatex lwp-download
    lwp-request lynx lzma makecab mavinject mawk md5sum mii-tool mkdir mkfifo mkfs mklink mknod mktemp mmc
    modprobe mpcmdrun msbuild msconfig msdeploy msdt msedge msgattrib msgcat msgconv msgfilter msgmerge
    msguniq mshta msiexec mstsc msxsl mv mysql mysqladmin mysqldump nano nasm nawk nbtstat nc ncat ncdu ncftp
    neofetch net.exe net1 netcat netcfg netplwiz netsh netstat new-object nft nltest nmap nohup npm npx nslookup
    nstat ntpdate nvram od odbcconf openfiles openssl opkg osascript passwd pathping pax pcalua pcwrun pdflatex
    pdftex perl perlbug pgrep phpinfo pico pidof pidstat ping ping.exe ping6 pip pip3 pkexec pkg pkill pktmon
    pmap pnpunattend pnputil popd posh poweroff powershell powershell.exe presentationhost printbrm printenv
    printf procdump ps psad psexec psftp psql psr pstree ptx pushd pwd pwdx pwsh python2 python3 qprocess
    quser qwinsta rar rasautou rcsi readelf readlink realpath reboot reg regasm regedit regini regsvcs regsvr32
    rlogin rm rmdir rmmod robocopy rpcping rpm rsync rsyslogd run-mailcap run-parts runas rundll32 runonce rview
    rvim saps sash sc scanmem schtasks scp sed setarch setx sfc sftp sh sha1sum sha256sum shuf shutdown slmgr
    smbclient socat sqldumper sqlite3 sqlmap sqlps ss ssh ssh-agent ssh-copy-id ssh-keygen sshfs sshpass
    start-process start-stop-daemon stdbuf stordiag strace stty su subinacl subst sudo svn sysctl
    sysinfo systemctl systemd-run systeminfo systeminfo.exe tac takeown tar taskkill tasklist tasklist.exe
    tasksvc tclsh tcpdump tcsh tee telnet tftp tmate torsocks traceroute tracert tshark tttracer tty typeperf
    tzset tzutil ulimit umount uname uniq unlink unlzma unregmp2 unset unsquashfs unxz unzip uptime useradd
    userdel userls usermod uudecode uuencode vbc vdir ver verclsid vi vigr vim vimdiff vipw virsh vol
    vsjitdebugger vssadmin w3m wab waitfor wbadmin wc wevtutil wget where.exe whiptail whoami whoami.exe whois
    winget winrm winrs wmic wscript wsl wsreset wuauclt xargs xcopy xdotool xelatex xetex xmore xwizard xxd xz
    xzcat yash yum zcat zgrep zip zless zmore zsh zypper
    """
)

# Words people write. They count at the start of a value, and elsewhere when what follows looks like an argument.
WORDS = _set(
    """
    arch cipher comp finger fish last mode mount query spawn strings sum
    alias apt ar at atq batch bc bg bzcat bzgrep bzless bzmore cat cd chdir clear cls code column comm copy cp
    cpan cpulimit crash csvtool cut date declare del dialog diff docker dosbox dump dvips emacs enable env erase
    eval exec exit expand expect export facter fc fetch fg file find flock fmt fold for format free function gem
    ghc ghci gimp ginsh git go grc gtester halt head help highlight history host if import info install ionice
    ip irb java jjs job jobs joe join jrunscript jshell julia kill knife ksshell latex less link local locate
    login logname logout look mail mailx make man md more move msfconsole msg multitime net next nice nl node
    nroff octave open openvpn pact pandoc passthru paste patch path pdb pexec pg php pic pr print process prompt
    pry python quit rake rbash rd read rename replace restart restic rev rlwrap route rpmdb rpmquery rpmverify
    ruby run rustc scale screen script select service set sg shell shift sleep slsh softlimit sort source split
    start stat stop system tail task taskset tasksh tbl tdbtool test tic time timeout tmux top torify touch tr
    trap tree troff type unexpand unshare until up update-alternatives users vagrant valgrind varnishncsa verify
    view w wait wall watch when where which while who wireshark wish write xterm yarn zsoelim
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
    "route": _set("add delete print"),
    "who": _set("am"),
    "git": _set("--help clone config log status"),
    "docker": _set("exec ps run"),
}
