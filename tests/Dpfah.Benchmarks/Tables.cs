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

    /// <summary>Where results go: <c>tests/Dpfah.Benchmarks/results</c> when run from the repository's root, else the working folder.</summary>
    public static string Folder
    {
        get
        {
            const string results = "tests/Dpfah.Benchmarks/results";
            return Directory.Exists(Path.GetDirectoryName(results)) ? Directory.CreateDirectory(results).FullName : Environment.CurrentDirectory;
        }
    }

    /// <summary>Prints a table and writes it to <c>NAME.md</c> in <see cref="Folder"/>.</summary>
    public static void Show(string name, Table table, string note)
    {
        string conditions = $"{Cpu()}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}";
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(note);
        AnsiConsole.WriteLine(conditions);
        using var writer = new StringWriter();
        IAnsiConsole plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        plain.Profile.Width = 400;
        plain.Write(table);
        File.WriteAllText(Path.Combine(Folder, $"{name}.md"), $"# {name}\n\n{note}\n\n{conditions}\n\n{writer.ToString().Trim()}\n");
    }

    public static string Cpu() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("model name", StringComparison.Ordinal)).Split(": ")[1]
        : RuntimeInformation.ProcessArchitecture.ToString();
}
