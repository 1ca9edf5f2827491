# Plays ATR_analysis once for each line of standard input.
#
# The script is compiled once and runs in a child for each ATR, since it ends
# wherever an ATR ends. A line `=== ATR` goes before the output of each.
use strict;
use warnings;

my ($script) = @ARGV;
open(my $file, '<', $script) or die "$script: $!";
my $code = do { local $/; <$file> };
# The functions in it share the variables of the first call, and each child
# calls it once; the warning is of calling twice.
eval "no warnings 'closure'; sub play { $code } 1" or die $@;

$| = 1;
while (my $atr = <STDIN>) {
	chomp $atr;
	print "=== $atr\n";
	my $child = fork();
	die "fork: $!" unless defined $child;
	if ($child == 0) {
		@ARGV = split / /, $atr;
		play();
		exit;
	}
	waitpid($child, 0);
	# All uses of the script end well; anything else would go unseen.
	die "$atr: ended with $?" if $?;
}
