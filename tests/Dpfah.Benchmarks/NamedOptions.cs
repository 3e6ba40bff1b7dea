using System.Globalization;

namespace Dpfah.Benchmarks;

/// <summary>Options of a verb: <c>--NAME VALUE</c>, each with a default.</summary>
internal sealed class NamedOptions
{
    private readonly Dictionary<string, string> values;

    private NamedOptions(Dictionary<string, string> values) => this.values = values;

    public string this[string name] => values[name];

    /// <summary>Reads them; null, and a sentence on the error output, when one is unknown or lacks its value.</summary>
    /// <param name="args">The arguments after the verb.</param>
    /// <param name="defaults">Every option there is, with its default.</param>
    public static NamedOptions? Read(string[] args, Dictionary<string, string> defaults)
    {
        for (int i = 0; i < args.Length; i += 2)
        {
            string name = args[i].TrimStart('-');
            if (i + 1 == args.Length || !defaults.ContainsKey(name))
            {
                Console.Error.WriteLine($"'{args[i]}' is not an option with a value; there are --{string.Join(", --", defaults.Keys)}.");
                return null;
            }

            defaults[name] = args[i + 1];
        }

        return new NamedOptions(defaults);
    }

    public int Number(string name) => int.Parse(values[name], CultureInfo.InvariantCulture);

    public int[] Numbers(string name) => [.. values[name].Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
}
