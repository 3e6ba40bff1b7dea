using System.CommandLine;
using System.CommandLine.Parsing;

namespace Dpfah.Cli;

/// <summary>
/// Refuses misspelt options of commands that take files: the parser takes any word that it does not know for a file, and
/// suggests a correction only where it knows no place for the word.
/// </summary>
internal static class Misspelling
{
    /// <summary>Adds an error for each file that looks like an option.</summary>
    public static void RefuseOptions(ArgumentResult files, Command command)
    {
        foreach (Token token in files.Tokens.Where(t => t.Value.Length > 1 && t.Value[0] == '-'))
        {
            string nearest = Nearest(token.Value, command.Options.Select(o => o.Name));
            files.AddError($"There is no option '{token.Value}'. Did you mean {nearest}? A file of this name is written ./{token.Value}");
        }
    }

    /// <summary>
    /// The first word that looks like an option and is none: one too many, taken for the value of an option that takes several, or for a
    /// folder. (Files may be called so: see <see cref="RefuseOptions"/>.)
    /// </summary>
    public static string? OptionOf(ParseResult parsed) => parsed.CommandResult.Command is RootCommand
        ? null
        : parsed.UnmatchedTokens
            .Concat(parsed.CommandResult.Children.Where(IsNoFile).SelectMany(child => child.Tokens).Select(token => token.Value))
            .FirstOrDefault(word => word.StartsWith("--", StringComparison.Ordinal));

    private static bool IsNoFile(SymbolResult child) => child is not ArgumentResult argument || argument.Argument.ValueType == typeof(DirectoryInfo);

    /// <summary>The known word that is most like a misspelt one.</summary>
    public static string Nearest(string word, IEnumerable<string> known) => known.MinBy(name => EditDistance(name, word))!;

    /// <summary>Letters to insert, delete or replace to make one word of another (Levenshtein).</summary>
    private static int EditDistance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j - 1], row[j]));
            }
        }

        return row[^1];
    }
}
