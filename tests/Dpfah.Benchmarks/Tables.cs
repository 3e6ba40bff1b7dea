using System.Runtime.InteropServices;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Result tables, with the conditions that they were measured under.</summary>
internal static class Tables
{
    public static Table Create(IEnumerable<string> columns)
    {
        Table table = new Table().MarkdownBorder();
        foreach (string column in columns)
        {
            table.AddColumn(Markup.Escape(column));
        }

        return table;
    }

    /// <summary>Prints a table and writes it to <c>tests/Dpfah.Benchmarks/results/NAME.md</c> when run from the repository's root.</summary>
    public static void Show(string name, Table table, string note)
    {
        string conditions = $"{Cpu()}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}";
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(note);
        AnsiConsole.WriteLine(conditions);
        const string folder = "tests/Dpfah.Benchmarks/results";
        if (!Directory.Exists(Path.GetDirectoryName(folder)))
        {
            return;
        }

        Directory.CreateDirectory(folder);
        using var writer = new StringWriter();
        IAnsiConsole plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        plain.Profile.Width = 400;
        plain.Write(table);
        File.WriteAllText(Path.Combine(folder, $"{name}.md"), $"# {name}\n\n{note}\n\n{conditions}\n\n{writer.ToString().Trim()}\n");
    }

    private static string Cpu() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("model name", StringComparison.Ordinal)).Split(": ")[1]
        : RuntimeInformation.ProcessArchitecture.ToString();
}
