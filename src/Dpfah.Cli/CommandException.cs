namespace Dpfah.Cli;

/// <summary>A command cannot be carried out; the message tells the person at the terminal why and what to do.</summary>
internal sealed class CommandException(string message, Exception? inner = null) : Exception(message, inner);
