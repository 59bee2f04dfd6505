#!/usr/bin/perl
# Stacks of perf script on standard input: tables of microseconds per operation.
#   profile.pl CORES OPERATIONS-A-SECOND NAME
#   profile.pl --selftest
use strict;
use warnings;

# Sleepers count as one; so do perf and all that is not of the cluster.
sub process_of {
    my ($c) = @_;
    return 'enclave' if $c =~ /^(strongroom-encl|memfd:)/;
    return 'strongroomd' if $c eq 'strongroomd';
    return 'strongroomd, HTTPS' if $c =~ /^MHD/;
    return 'the load' if $c eq 'load';
    return 'idle' if $c eq 'swapper';
    return 'others';
}

sub library_of {
    my ($dso) = @_;
    return 'kernel' if $dso =~ /kernel|vmlinux|\.ko\b|vdso/;
    return $1 if $dso =~ m{/(lib[a-z_+]+)[-.0-9]*.*\.so};
    return 'own code';
}

# [process, [function, library]...] of each sample, the innermost first.
sub samples {
    my ($in) = @_;
    my @all;
    while (<$in>) {
        chomp;
        if (/^(\S.*?)(\s+\d+:?)?\s*$/) { push @all, [ process_of($1) ]; }
        elsif (@all && /^\s+[0-9a-f]+\s+(.+?)\s+\((.*)\)$/) {
            my ($function, $dso) = ($1, $2);
            push @{ $all[-1] }, [ $function =~ s/\+0x.*//r, library_of($dso) ];
        }
    }
    return @all;
}

sub tables {
    my ($in, $cores, $rate, $name) = @_;
    my (%process, %library, %inclusive);
    my @all = samples($in);
    die "no samples\n" unless @all;
    for (@all) {
        my ($p, @stack) = @$_;
        my %seen;
        $process{$p}++;
        $library{$p}{ @stack ? $stack[0][1] : 'unknown' }++;
        next if $p ne 'enclave';
        $inclusive{ $_->[0] }++
            for grep { $_->[1] eq 'own code' && $_->[0] ne '[unknown]' && !$seen{ $_->[0] }++ } @stack;
    }
    my $us = sub { return $_[0] / @all * $cores * 1e6 / $rate };
    my $text = sprintf "%.0f a second; microseconds of processor per %s (%d samples)\n\n%-20s %8.0f\n",
        $rate, $name, scalar @all, 'all', $us->(@all - ($process{idle} // 0));
    for my $p (sort { $process{$b} <=> $process{$a} } keys %process) {
        my $l = $library{$p};
        $text .= sprintf "%-20s %8.0f\n", $p, $us->($process{$p});
        $text .= join '', map { sprintf "  %-18s %8.0f\n", $_, $us->($l->{$_}) }
            grep { $us->($l->{$_}) >= 2 } sort { $l->{$b} <=> $l->{$a} } keys %$l if $p ne 'idle';
    }
    $text .= "\nThe enclaves' own functions, with all they call:\n";
    my @functions = grep { $us->($inclusive{$_}) >= 4 } sort { $inclusive{$b} <=> $inclusive{$a} } keys %inclusive;
    splice @functions, 60 if @functions > 60;
    return $text . join '', map { sprintf "  %-32s %8.0f\n", $_, $us->($inclusive{$_}) } @functions;
}

sub selftest {
    my @want = ('^1000 a second', '^all +1500$', '^enclave +1000$', '^  libsodium +500$', '^  own code +500$', '^idle +500$',
        '^strongroomd +500$', '^  sr_verify +500$', '^  main +1000$');
    my $text = tables(\*DATA, 2, 1000, 'thing');
    my @lost = grep { $text !~ /$_/m } @want;
    print "FAIL: /$_/ is not in:\n$text" for @lost;
    printf "%d passed, %d failed, 0 skipped\n", @want - @lost, scalar @lost;
    return @lost > 0;
}

exit selftest() if "@ARGV" eq '--selftest';
print tables(\*STDIN, @ARGV);
__DATA__
strongroom-encl
	    7f0000000001 crypto_x+0x10 (/usr/lib/x86_64-linux-gnu/libsodium.so.23.3.0)
	    550000000002 sr_verify+0x1 (/x/strongroom-enclave)
	    550000000003 main+0x1 (/x/strongroom-enclave)

strongroom-encl
	    550000000004 descend+0x1 (/x/strongroom-enclave)
	    550000000005 main+0x2 (/x/strongroom-enclave)
	    550000000006 main+0x1 (/x/strongroom-enclave)

swapper
	    ffffffff0001 idle ([kernel.kallsyms])

strongroomd
	    ffffffff0002 write ([kernel.kallsyms])

