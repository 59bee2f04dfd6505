#!/usr/bin/perl
# report.pl OBJECTS LEAST PAGE: lines and branches of the product's files, from gcov's notes and counts
# under OBJECTS. The folders in @gated need LEAST per cent of their lines, and PAGE must name each of their
# functions that has a line not reached, as "- `file.c:function`". report.pl --selftest: planted faults.
use strict;
use warnings;
use JSON::PP;
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);

my @product = qw(attest base shamir consensus vault chain enclave net config node cli);
my @gated = qw(consensus shamir vault);

# file => { lines => { number => { count, function, branches => [taken...] } } }
sub gather {
	my ($objects) = @_;
	my (%files, @notes);
	open my $find, '-|', 'find', $objects, '-name', '*.gcno' or die "find: $!";
	chomp(@notes = <$find>);
	close $find;
	die "no notes of gcov under $objects\n" unless @notes;
	for my $note (@notes) {
		open my $gcov, '-|', 'gcov', '-b', '--json-format', '--stdout', $note or die "gcov: $!";
		local $/;
		my $text = <$gcov>;
		close $gcov;
		for my $one (map { decode_json($_) } grep { /\S/ } split /\n/, $text) {
			add(\%files, $_) for @{ $one->{files} };
		}
	}
	return \%files;
}

sub add {
	my ($files, $f) = @_;
	return unless grep { $f->{file} =~ m{^\Q$_\E/} } @product;
	for my $l (@{ $f->{lines} }) {
		my $line = $files->{ $f->{file} }{ $l->{line_number} } //= { count => 0 };
		$line->{count} += $l->{count};
		$line->{function} //= $l->{function_name};
		my $i = 0;
		for my $b (grep { !$_->{throw} } @{ $l->{branches} }) {
			$line->{branches}[$i++] += $b->{count};
		}
	}
}

sub percent { my ($part, $all) = @_; return $all ? 100 * $part / $all : 100 }

# The lines not reached as ranges with their functions.
sub missing {
	my ($lines) = @_;
	my (@out, %functions);
	for my $n (sort { $a <=> $b } keys %$lines) {
		next if $lines->{$n}{count};
		my $function = $lines->{$n}{function} // '?';
		$functions{$function}++;
		if (@out && $out[-1]{last} == $n - 1 && $out[-1]{function} eq $function) {
			$out[-1]{last} = $n;
		} else {
			push @out, { first => $n, last => $n, function => $function };
		}
	}
	return (\@out, \%functions);
}

sub tally {
	my ($lines) = @_;
	my %t = (lines => 0, hit => 0, branches => 0, taken => 0);
	for my $l (values %$lines) {
		$t{lines}++;
		$t{hit}++ if $l->{count};
		for my $b (@{ $l->{branches} // [] }) {
			$t{branches}++;
			$t{taken}++ if $b;
		}
	}
	return %t;
}

# Functions that the page explains.
sub explained {
	my ($text) = @_;
	my %named;
	for my $line (split /\n/, $text) {
		next unless $line =~ /^- /;
		my ($names) = $line =~ /^- (.*?)(?: – |: |$)/;
		$named{$1}++ while $line =~ m{`([a-z0-9_]+/[a-z0-9_]+\.c:[A-Za-z0-9_]+)`}g;
	}
	return \%named;
}

# Prints the report; returns what is wrong.
sub judge {
	my ($files, $least, $page, $print) = @_;
	my (@wrong, %named);
	my $named = explained($page);
	for my $folder (@product) {
		my %sum = (lines => 0, hit => 0, branches => 0, taken => 0);
		my $gated = grep { $_ eq $folder } @gated;
		for my $file (grep { m{^\Q$folder\E/} } sort keys %$files) {
			my %t = tally($files->{$file});
			my ($ranges, $functions) = missing($files->{$file});
			$sum{$_} += $t{$_} for keys %t;
			$print->(sprintf "%-28s lines %5.1f %% (%d of %d)  branches %5.1f %%%s\n", $file,
				percent($t{hit}, $t{lines}), $t{hit}, $t{lines},
				percent($t{taken}, $t{branches}), join '', map {
					"\n    " . ($_->{first} == $_->{last} ? $_->{first} :
					"$_->{first}-$_->{last}") . " $_->{function}" } @$ranges);
			next unless $gated;
			for my $function (sort keys %$functions) {
				push @wrong, "docs/COVERAGE.md does not explain $file:$function"
					unless $named->{"$file:$function"};
			}
			$named{"$file:$_"}++ for keys %$functions;
		}
		next unless $sum{lines};
		my $lines = percent($sum{hit}, $sum{lines});
		$print->(sprintf "== %-25s lines %5.1f %% (%d of %d)  branches %5.1f %%\n", $folder,
			$lines, $sum{hit}, $sum{lines}, percent($sum{taken}, $sum{branches}));
		push @wrong, sprintf '%s/: %.1f %% of lines, less than %d', $folder, $lines, $least
			if $gated && $lines < $least;
	}
	# What is reached now needs no excuse; with other seeds it may need it again.
	for my $name (sort keys %$named) {
		$print->("note: docs/COVERAGE.md explains $name, which is reached or gone\n")
			if $name =~ m{^(?:@{[join '|', @gated]})/} && !$named{$name};
	}
	return @wrong;
}

sub selftest {
	my $line = sub { { count => $_[0], function => $_[1] } };
	my %full = ('vault/a.c' => { map { $_ => $line->(1, 'f') } 1 .. 100 });
	my %low = ('vault/a.c' => { map { $_ => $line->($_ > 10, 'f') } 1 .. 100 });
	my %one = ('vault/a.c' => { map { $_ => $line->($_ > 1, $_ > 1 ? 'f' : 'g') } 1 .. 100 });
	my $page = "- `vault/a.c:g` – no memory\n";
	my $silent = sub { };
	my @cases = (
		[ 'all reached', 0, \%full, '' ],
		[ 'too few lines', 1, \%low, "- `vault/a.c:f` – no memory\n" ],
		[ 'not explained', 1, \%one, '' ],
		[ 'explained', 0, \%one, $page ],
		[ 'explained and reached', 0, \%full, $page ],
	);
	for my $case (@cases) {
		my ($name, $want, $files, $text) = @$case;
		my @wrong = judge($files, 95, $text, $silent);
		die "selftest: $name: @wrong\n" if (@wrong > 0) != $want;
	}
	print "report.pl catches its ", scalar(@cases), " planted cases\n";
}

if (@ARGV == 1 && $ARGV[0] eq '--selftest') {
	selftest();
	exit 0;
}
die "report.pl OBJECTS LEAST PAGE\n" unless @ARGV == 3;
my ($objects, $least, $page) = @ARGV;
open my $in, '<', $page or die "$page: $!\n";
my $text = do { local $/; <$in> };
my @wrong = judge(gather($objects), $least, $text, sub { print @_ });
print "FAIL: $_\n" for @wrong;
print @wrong ? 'coverage: ' . @wrong . " faults\n" :
	"coverage: consensus, shamir, vault at $least % of lines or more, the rest explained\n";
exit(@wrong ? 1 : 0);
