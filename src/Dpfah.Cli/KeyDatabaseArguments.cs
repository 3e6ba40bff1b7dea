using System.CommandLine;
using Dpfah.Engine;

namespace Dpfah.Cli;

/// <summary>The options of every command that works on keys: where the database is.</summary>
internal sealed class KeyDatabaseArguments
{
    private const string ConnectionVariable = "ConnectionStrings__Dpfah";

    private readonly Option<string> data = new("--data")
    {
        Description = "Folder of the service, where the database is SQLite.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "data",
    };

    private readonly Option<string?> connection = new("--connection")
    {
        Description = $"Connection string of PostgreSQL; without it that of {ConnectionVariable}, else SQLite in the data folder.",
        HelpName = "STRING",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(ConnectionVariable),
    };

    /// <summary>Adds the options to a command.</summary>
    public KeyDatabaseArguments(Command command)
    {
        command.Add(data);
        command.Add(connection);
    }

    public EngineOptions Read(ParseResult parsed) => new() { DataFolder = parsed.GetRequiredValue(data), PostgresConnectionString = parsed.GetValue(connection) };
}
