#!/usr/bin/perl
# How much of what a target covers (tests/fuzz/targets.def) its inputs reach: "name 97.3% covers".
#   coverage.pl REPLAY PROFILE TARGET [--uncovered]     --uncovered lists the lines that are left
use strict;
use warnings;

my ($replay, $profile, $target, $uncovered) = @ARGV;
my ($row) = grep { /^\Q$target\E / } `$replay --list`;
die "no target $target\n" unless defined $row;
my @row = split ' ', $row;
my @covers = @row[3 .. $#row];

my $data = "$profile.data";
system("llvm-profdata-14 merge -sparse -o $data $profile*") == 0 or die "no profile of $target\n";
my %files = map { (split /:/)[0] => 1 } @covers;
my @lcov = `llvm-cov-14 export -format=lcov -instr-profile=$data $replay @{[sort keys %files]} 2>/dev/null`;

# file -> [line, function]..., file -> line -> count
my (%functions, %lines, $file);
for (@lcov) {
	if (m{^SF:(.*)}) { ($file) = grep { my $f = $_; $1 =~ m{(^|/)\Q$f\E$} } keys %files; }
	next unless defined $file;
	if (/^FN:(\d+),(?:.*:)?(\w+)/) { push @{ $functions{$file} }, [$1, $2]; }
	if (/^DA:(\d+),(\d+)/) { $lines{$file}{$1} = $2; }
}

# A file, or file:pattern|pattern with * at the end of a prefix; with ! in front, all but those.
sub wanted {
	my ($patterns, $name) = @_;
	return 1 unless defined $patterns;
	my $not = $patterns =~ s/^!//;
	my $match = grep { my $p = quotemeta; $p =~ s/\\\*/.*/g; $name =~ /^$p$/ } split /\|/, $patterns;
	return $not ? !$match : $match;
}

my ($all, $reached) = (0, 0);
for my $cover (@covers) {
	my ($path, $patterns) = split /:/, $cover;
	my @starts = sort { $a->[0] <=> $b->[0] } @{ $functions{$path} || [] };
	die "$target: nothing is known of $path\n" unless @starts;
	for my $line (sort { $a <=> $b } keys %{ $lines{$path} }) {
		my ($in) = grep { $_->[0] <= $line } reverse @starts;
		next unless $in && wanted($patterns, $in->[1]);
		$all++;
		$reached++ if $lines{$path}{$line};
		print "    $path:$line $in->[1]\n" if $uncovered && !$lines{$path}{$line};
	}
}
die "$target covers nothing\n" unless $all;
printf "%s %.1f%% %s\n", $target, 100 * $reached / $all, join ' ', @covers;
