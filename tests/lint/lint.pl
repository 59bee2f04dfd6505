#!/usr/bin/perl
# The rules of the house that a compiler does not check. Each rule is a function over a tree that
# returns complaints; each comes with a planted fault that it must complain about.
#   lint.pl [--root DIR] [--objects DIR] [--selftest]
use strict;
use warnings;
use File::Find ();
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use Getopt::Long;

my ($root, $objects, $selftest) = ('.', 'build/gcc', 0);
GetOptions('root=s' => \$root, 'objects=s' => \$objects, 'selftest' => \$selftest)
    or die "usage: lint.pl [--root DIR] [--objects DIR] [--selftest]\n";

my @pure = qw(shamir consensus vault chain enclave wire);
my @folders = qw(base shamir consensus vault chain attest enclave blob net node config platform cli
	tests web);

# Folders whose headers a folder may include; the wire headers may be included where 'wire' stands.
my %may = (
	base => [qw(base)],
	shamir => [qw(shamir base)],
	consensus => [qw(consensus base)],
	vault => [qw(vault base wire)],
	chain => [qw(chain base)],
	attest => [qw(attest base wire)],
	wire => [qw(wire base)],
	enclave => [qw(enclave consensus vault shamir chain attest base wire)],
	blob => [qw(blob base wire)],
	net => [qw(net base)],
	config => [qw(config base)],
	platform => [qw(platform base wire)],
	node => [qw(node blob net config platform base wire)],
	cli => [qw(cli blob shamir chain attest config platform base wire)],
);
my $wire = qr{^(?:vault/(?:op|policy)\w*|vault/(?:proof|record)|consensus/wire
	|enclave/(?:genesis|client_wire|client_roster|host_wire)|attest/(?:facts|policy|evidence_blob))\.[ch]$}x;
my $shell = qr{^enclave/(?:shell_\w+|main)\.[ch]$};

sub read_lines {
	my ($path) = @_;
	open my $f, '<:encoding(UTF-8)', $path or die "$path: $!\n";
	my @lines = <$f>;
	chomp @lines;
	return @lines;
}

# Paths below the tree's folders, relative to it.
sub sources {
	my ($tree, $pattern) = @_;
	my @found;
	for my $folder (grep { -d "$tree/$_" } @folders) {
		File::Find::find({ no_chdir => 1, wanted => sub {
			push @found, $File::Find::name if -f && /$pattern/;
		} }, "$tree/$folder");
	}
	push @found, "$tree/Makefile" if 'Makefile' =~ $pattern && -f "$tree/Makefile";
	s{^\Q$tree\E/}{} for @found;
	return sort @found;
}

# The text without comments and without what stands between quotes; lines keep their numbers.
sub code_only {
	my $text = join "\n", @_;
	$text =~ s{(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
		{ my $t = $1; my $n = ($t =~ tr/\n//); $t =~ /^["']/ ? '""' : "\n" x $n }gse;
	return split /\n/, $text, -1;
}

sub arrows {
	my ($tree) = @_;
	my @complaints;
	for my $file (grep { !m{^tests/} } sources($tree, qr{\.[ch]$})) {
		my ($folder) = $file =~ m{^(\w+)/};
		my $from = $file =~ $wire ? 'wire' : $folder;
		my $n = 0;
		for my $line (read_lines("$tree/$file")) {
			$n++;
			next unless $line =~ /^\s*#\s*include\s*"([^"]+)"/;
			my $header = $1;
			my ($to) = $header =~ m{^(\w+)/};
			my $what = $header =~ $wire ? 'wire' : $to // '';
			my $own = defined $to && $to eq $folder && $from ne 'wire';
			push @complaints, "$file:$n: $from may not include $header"
			    unless $own || grep { $_ eq $what } @{ $may{$from} // [] };
			push @complaints, "$file:$n: the core may not include the shell's $header"
			    if $folder eq 'enclave' && $file !~ $shell && $header =~ $shell;
		}
	}
	return @complaints;
}

# What pure folders may include of the C library, and who may include which other library.
my %pure_headers = map { $_ => 1 } qw(inttypes.h limits.h stdarg.h stdbool.h stddef.h stdint.h
	stdlib.h string.h cpuid.h immintrin.h nmmintrin.h);

sub library_table {
	my @table;
	for my $line (read_lines("$FindBin::Bin/libraries.txt")) {
		next if $line =~ /^\s*(#|$)/;
		my ($header, @files) = split ' ', $line;
		push @table, [ qr{^(?:$header)$}, map { qr{^(?:$_)$} } @files ];
	}
	return @table;
}

sub libraries {
	my ($tree) = @_;
	my @table = library_table();
	my @complaints;
	for my $file (sources($tree, qr{\.[ch]$})) {
		my ($folder) = $file =~ m{^(\w+)/};
		my $is_pure = $file !~ $shell && grep { $_ eq $folder } @pure;
		my $n = 0;
		for my $line (read_lines("$tree/$file")) {
			$n++;
			next unless $line =~ /^\s*#\s*include\s*<([^>]+)>/;
			my $header = $1;
			my ($row) = grep { $header =~ $_->[0] } @table;
			if ($row) {
				my (undef, @files) = @$row;
				push @complaints, "$file:$n: <$header> belongs to another file"
				    unless $folder eq 'tests' || grep { $file =~ $_ } @files;
			} elsif ($is_pure && !$pure_headers{$header}) {
				push @complaints, "$file:$n: a pure folder may not include <$header>";
			} elsif (!-e "/usr/include/$header" && !-e "/usr/include/x86_64-linux-gnu/$header"
			    && !$pure_headers{$header}) {
				push @complaints, "$file:$n: <$header> is in no table";
			}
		}
	}
	return @complaints;
}

# (name => [undefined], name => [defined]) of an archive.
sub archive_symbols {
	my ($archive) = @_;
	my (%undefined, %defined);
	open my $nm, '-|', 'nm', '-P', '-g', $archive or die "nm: $!\n";
	while (<$nm>) {
		next unless /^(\S+) ([A-Za-z])/;
		if ($2 eq 'U' || $2 eq 'w') { $undefined{$1} = 1 } else { $defined{$1} = 1 }
	}
	close $nm or die "nm $archive failed\n";
	return (\%undefined, \%defined);
}

# The undefined names of the pure libraries: their own arrows' libraries, base without what is impure
# there, and a list. Anything else (a clock, a socket, a file) is a way out of the pure core.
sub symbols {
	my ($build) = @_;
	my @allowed = map { qr{^(?:$_)$} } grep { !/^\s*(#|$)/ }
	    read_lines("$FindBin::Bin/pure_symbols.txt");
	my %impure_base = map { $_ => 1 } qw(sr_log sr_log_set sr_random_system);
	my (%undefined, %defined, @complaints);
	for my $module (@pure, 'attest', 'base') {
		next unless -f "$build/lib$module.a";
		($undefined{$module}, $defined{$module}) = archive_symbols("$build/lib$module.a");
	}
	for my $module (grep { $undefined{$_} } @pure) {
		my %known;
		for my $other ($module, @{ $may{$module} }, 'wire') {
			$known{$_} = 1 for keys %{ $defined{$other} // {} };
		}
		for my $name (sort keys %{ $undefined{$module} }) {
			next if $known{$name} && !$impure_base{$name};
			push @complaints, "lib$module.a uses $name"
			    if $impure_base{$name} || !grep { $name =~ $_ } @allowed;
		}
	}
	return @complaints;
}

# What a program holds must come from the modules its link line names: the host cannot combine shares.
my %program = (
	'strongroomd' => 'node',
	'strongroom' => 'cli',
	'strongroom-enclave' => 'enclave',
);

sub programs {
	my ($build) = @_;
	my @complaints;
	for my $name (grep { -f "$build/bin/$_" } sort keys %program) {
		my (undef, $held) = archive_symbols("$build/bin/$name");
		my (%home, %allowed);
		for my $module (@folders, 'wire') {
			next unless -f "$build/lib$module.a";
			my (undef, $defined) = archive_symbols("$build/lib$module.a");
			my $may = grep { $_ eq $module } @{ $may{ $program{$name} } };
			($may ? $allowed{$_} : $home{$_}) = $module for keys %$defined;
		}
		push @complaints, map { "$name holds $_ of $home{$_}" }
		    grep { $home{$_} && !$allowed{$_} } sort keys %$held;
	}
	return @complaints;
}

sub plant_program {
	my $tree = tempdir(CLEANUP => 1);
	write_file("$tree/shamir.c", "int combine_shares(void);\nint combine_shares(void) { return 1; }\n");
	write_file("$tree/main.c", "int combine_shares(void);\nint main(void) { return combine_shares(); }\n");
	make_path("$tree/bin");
	system("gcc -c $tree/shamir.c -o $tree/shamir.o && ar rcs $tree/libshamir.a $tree/shamir.o"
	    . " && gcc $tree/main.c $tree/libshamir.a -o $tree/bin/strongroom") == 0 or die "gcc failed\n";
	verdict('programs: the command line may combine shares', programs($tree));
	rename "$tree/bin/strongroom", "$tree/bin/strongroomd";
	my $caught = grep { $_ eq 'strongroomd holds combine_shares of shamir' } programs($tree);
	verdict('programs catches: the host combines shares', $caught ? () : 'not caught');
}

sub layout {
	my ($tree) = @_;
	my @complaints;
	for my $file (sources($tree, qr{(?:\.(?:[ch]|def|sh|pl)|Makefile)$})) {
		my $n = 0;
		for my $line (read_lines("$tree/$file")) {
			$n++;
			my $wide = $line;
			1 while $wide =~ s/^([^\t]*)\t/$1 . ' ' x (8 - length($1) % 8)/e;
			push @complaints, "$file:$n: ends in blanks" if $line =~ /[ \t\r]$/;
			next unless $file =~ /\.[ch]$/;
			push @complaints, "$file:$n: " . length($wide) . ' columns' if length($wide) > 100;
			push @complaints, "$file:$n: indented with blanks instead of tabs"
			    if $line =~ /^\t* {8,}[^ *\\]/;
		}
	}
	return @complaints;
}

my $banned = qr/(?<![\w.>])(strcpy|stpcpy|strcat|sprintf|vsprintf|gets|atoi|atol|rand|srand|system
	|popen|alloca|strtok|tmpnam|mktemp)\s*\(/x;

sub calls {
	my ($tree) = @_;
	my @complaints;
	for my $file (sources($tree, qr{\.[ch]$})) {
		my $n = 0;
		for my $line (code_only(read_lines("$tree/$file"))) {
			$n++;
			push @complaints, "$file:$n: $1 is banned" while $line =~ /$banned/g;
		}
	}
	return @complaints;
}

# name, rule, planted faults: [file, text, what the complaint says]
my @rules = (
	[ 'include arrows', \&arrows,
		[ 'node/bad.c', qq{#include "vault/vault.h"\n}, 'node may not include vault/vault.h' ],
		[ 'shamir/bad.c', qq{#include "vault/op.h"\n}, 'shamir may not include vault/op.h' ],
		[ 'vault/op_bad.c', qq{#include "vault/vault.h"\n}, 'wire may not include' ],
		[ 'attest/facts.c', qq{#include "attest/attest.h"\n}, 'wire may not include' ],
		[ 'cli/bad.c', qq{#include "tests/lib/seed.h"\n}, 'cli may not include tests' ],
		[ 'enclave/bad.c', qq{#include "enclave/shell_x.h"\n}, 'the core may not include' ] ],
	[ 'each library in its own file', \&libraries,
		[ 'vault/bad.c', "#include <gcrypt.h>\n", 'gcrypt.h> belongs to another file' ],
		[ 'node/bad.c', "#include <sodium.h>\n", 'sodium.h> belongs to another file' ],
		[ 'vault/bad.c', "#include <time.h>\n", 'a pure folder may not include <time.h>' ],
		[ 'node/bad.c', "#include <mystery.h>\n", 'is in no table' ] ],
	[ 'layout', \&layout,
		[ 'base/bad.c', "int a; \n", 'ends in blanks' ],
		[ 'base/bad.c', "\tint a" . ' ' x 87 . ";\n", '101 columns' ],
		[ 'base/bad.c', "        int a;\n", 'indented with blanks' ] ],
	[ 'banned calls', \&calls,
		map { [ 'base/bad.c', "int a = $_(b);\n", "$_ is banned" ] }
		    qw(strcpy sprintf gets strcat atoi rand system popen) ],
);

my ($passed, $failed) = (0, 0);

sub verdict {
	my ($name, @complaints) = @_;
	if (@complaints) {
		$failed++;
		print "FAIL $name: " . scalar(@complaints) . "\n", map { "  $_\n" } @complaints;
	} else {
		$passed++;
		print "ok   $name\n";
	}
}

sub write_file {
	my ($path, $text) = @_;
	my ($dir) = $path =~ m{^(.*)/};
	make_path($dir);
	open my $f, '>', $path or die "$path: $!\n";
	print $f $text;
	close $f or die "$path: $!\n";
}

# A rule must complain about the fault, and only about it: the tree around it is in order.
sub plant {
	my ($name, $rule, $file, $text, $says) = @_;
	my $tree = tempdir(CLEANUP => 1);
	write_file("$tree/base/good.c", qq{/* sprintf(x) */\n#include "base/hex.h"\n\tchar *a = "gets(";\n});
	my @before = $rule->($tree);
	write_file("$tree/$file", $text);
	my @after = $rule->($tree);
	my @missing;
	push @missing, "complains about a tree that is in order: @before" if @before;
	push @missing, "does not catch: $text" unless grep { index($_, $says) >= 0 } @after;
	verdict("$name catches: $says", @missing);
}

sub plant_symbol {
	my ($function, $declaration) = @_;
	my $tree = tempdir(CLEANUP => 1);
	write_file("$tree/good.c", "#include <string.h>\nvoid g(char *a);\nvoid g(char *a) { a[0] = (char)strlen(a); }\n");
	write_file("$tree/bad.c", "$declaration\nlong f(void);\nlong f(void) { return (long)$function; }\n");
	for my $name (qw(good bad)) {
		system('gcc', '-c', "$tree/$name.c", '-o', "$tree/$name.o") == 0 or die "gcc failed\n";
		system('ar', 'rcs', "$tree/libvault.a", "$tree/$name.o") == 0 or die "ar failed\n";
		my @complaints = symbols($tree);
		verdict("symbols of a pure library: a good one is in order", @complaints) if $name eq 'good';
		next if $name eq 'good';
		my ($called) = $function =~ /^(\w+)/;
		my $caught = grep { $_ eq "libvault.a uses $called" } @complaints;
		verdict("symbols of a pure library catches: $called", $caught ? () : 'not caught');
	}
}

verdict($_->[0], $_->[1]->($root)) for @rules;
verdict('symbols of the pure libraries', symbols($objects));
verdict('what each program holds', programs($objects));
if ($selftest) {
	for my $rule (@rules) {
		my ($name, $function, @faults) = @$rule;
		plant($name, $function, @$_) for @faults;
	}
	plant_program();
	plant_symbol('time(0)', '#include <time.h>');
	plant_symbol('socket(1, 1, 0)', '#include <sys/socket.h>');
	plant_symbol('sr_random_system(0, 0)', 'int sr_random_system(char *p, unsigned long n);');
	plant_symbol(q{puts("x")}, "#include <stdio.h>");
}
print "$passed passed, $failed failed, 0 skipped\n";
exit($failed > 0);
