#!/usr/bin/perl
# clang-format on the lines that break the layout rule (100 columns, tabs), and only on those: tables
# that a person aligned stay as they are. With --all, on every line.
#   fmt.pl [--all] FILE...
use strict;
use warnings;

my $all = @ARGV && $ARGV[0] eq '--all' && shift @ARGV;
for my $file (@ARGV) {
	open my $f, '<:encoding(UTF-8)', $file or die "$file: $!\n";
	my @ranges;
	while (my $line = <$f>) {
		chomp $line;
		my $wide = $line;
		1 while $wide =~ s/^([^\t]*)\t/$1 . ' ' x (8 - length($1) % 8)/e;
		push @ranges, "--lines=$.:$."
		    if length($wide) > 100 || $line =~ /^\t* {8,}[^ *\\]/ || $line =~ /[ \t]$/;
	}
	close $f;
	next unless $all || @ranges;
	system('clang-format', '-i', ($all ? () : @ranges), $file) == 0 or die "clang-format failed\n";
}
