namespace Dpfah.FunctionalTests.Cli;

public class CommandLineTests
{
    [Theory]
    [InlineData("Did you mean --json?", "encode", "a.png", "--jsn")]
    [InlineData("Did you mean --model?", "encode", "a.png", "--modle", "m.safetensors")]
    [InlineData("encode", "encod", "a.png")]
    [InlineData("Required argument 'FILE' missing", "encode")]
    [InlineData("--model and --backbone go together.", "encode", "a.png", "--model", "/dev/null")]
    [InlineData("--model and --backbone go together.", "encode", "a.png", "--backbone", "/dev/null")]
    [InlineData("File does not exist", "encode", "a.png", "--model", "/nowhere/m", "--backbone", "/nowhere/b")]
    [InlineData("--device must be auto, cpu, cuda or cuda:n.", "encode", "a.png", "--device", "gpu")]
    [InlineData("Argument 'gd' not recognized", "encode", "a.png", "--decoder", "gd")]
    [InlineData("Argument 'fp16' not recognized", "encode", "a.png", "--precision", "fp16")]
    [InlineData("--threads must be a whole number from 1 to 256.", "encode", "a.png", "--threads", "0")]
    [InlineData("--threads must be a whole number from 1 to 256.", "encode", "a.png", "--threads", "two")]
    [InlineData("Required command was not provided.")]
    public async Task A_wrong_command_line_ends_with_2_and_says_what_is_wrong(string message, params string[] arguments)
    {
        CliRun run = await CliRun.Of(arguments);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("encode", "--help")]
    [InlineData("Usage:", "encode", "--help")]
    [InlineData("0.1.0", "--version")]
    public async Task Help_and_version_are_results(string text, params string[] arguments)
    {
        CliRun run = await CliRun.Of(arguments);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains(text, run.Output, StringComparison.Ordinal);
    }
}
