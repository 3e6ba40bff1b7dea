using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Access;

/// <summary>A program whose settings are wrong says what to change, and ends with code 1.</summary>
public sealed class SettingsTests(SqliteService running) : IClassFixture<SqliteService>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task All_wrong_settings_are_told_at_once() => await AssertRefusedAsync(
        [
            "--Dpfah:Devise", "cpu", "--Dpfah:Bits", "7", "--Dpfah:Threads", "many",
            "--Dpfah:Decoder", "gimp", "--Dpfah:Device", "gpu", "--Dpfah:DataFolder", " ", "--Dpfah:Proxies:0", "10.0.0.0/40", "--Dpfah:Proxies:1", "proxy",
            "--Dpfah:PathBase", "pictures/", "--Dpfah:RequestTimeout", "soon", "--Dpfah:UploadTimeout", "00:00:00", "--Dpfah:ImagesPerCollection", "-1",
            "--Dpfah:SpooledBytes", "1GB", "--Dpfah:RequestsPerSecond", "1000001", "--Dpfah:ImportHosts", "a.example",
            "--DPFAH_ADMIN_KEY", "short", "--urls", "nowhere", "--ConnectionStrings:Dpfah", "Hoost=localhost", "--FORWARDEDHEADERS_ENABLED", "true",
        ],
        "Dpfah:Devise is no setting", "Known: DataFolder", "multiple of 8 from 8 to 256; it was 7", "whole number; it was 'many'",
        "'gimp'", "'gpu'", "DataFolder is empty", "Dpfah:Proxies has addresses such as 10.0.0.7", "one was '10.0.0.0/40'", "one was 'proxy'", "it was 'pictures/'",
        "time as hh:mm:ss, or d.hh:mm:ss with days; it was 'soon'", "UploadTimeout is 00:00:01 to 1.00:00:00; it was 00:00:00", "ImagesPerCollection is at least 0",
        "SpooledBytes is a whole number of bytes; it was '1GB'", "RequestsPerSecond is 0 to 1000000", "ImportHosts is a list", "has 5 characters", "one was 'nowhere'",
        "hoost", "ASPNETCORE_FORWARDEDHEADERS_ENABLED");

    [Theory]
    [InlineData("--Dpfah:ImportBytes", "many", "whole number of bytes; it was 'many'")]
    [InlineData("--Dpfah:ImportBytes", "1", "at least 1048576; it was 1")]
    [InlineData("--Dpfah:ImportHosts:0", "https://shop.example", "one was 'https://shop.example'")]
    [InlineData("--Dpfah:ImportPrivateHosts:0", "shop.example", "one was 'shop.example'")]
    [InlineData("--Dpfah:Bits", "264", "it was 264")]
    [InlineData("--Dpfah:Bits", "many", "whole number; it was 'many'")]
    [InlineData("--Dpfah:Threads", "-1", "it was -1")]
    [InlineData("--Dpfah:Threads", "1000", "it was 1000")]
    [InlineData("--Dpfah:Device", "cuda:x", "'cuda:x'")]
    [InlineData("--Dpfah:Precision", "fp16", "fp32 or bf16; it was 'fp16'")]
    [InlineData("--Dpfah:LogFormat", "xml", "simple or json; it was 'xml'")]
    [InlineData("--Dpfah:DrainDelay", "00:01:00", "00:00:20; it was 00:01:00")]
    [InlineData("--Dpfah:QualityEvery", "often", "a time as hh:mm:ss")]
    [InlineData("--Dpfah:ObservedCollections", "-1", "0 to 1000; it was -1")]
    [InlineData("--Dpfah:IsolateDecoder", "yes", "true or false; it was 'yes'")]
    [InlineData("--Dpfah:DecodeTimeout", "00:20:00", "00:10:00; it was 00:20:00")]
    [InlineData("--Dpfah:DecoderBytes", "1000", "at least 268435456; it was 1000")]
    [InlineData("--Dpfah:ClusterAddress", "10.0.0.5", "it was '10.0.0.5'")]
    [InlineData("--Dpfah:ClusterAddress", "*:0", "it was '*:0'")]
    [InlineData("--Dpfah:ClusterAddress", "0.0.0.0:11111", "it was '0.0.0.0:11111'")]
    [InlineData("--Dpfah:ClusterAddress", "127.0.0.1:11111", "set ConnectionStrings:Dpfah, or leave it out")]
    [InlineData("--Dpfah:ShardTimeout", "00:02:00", "00:01:00; it was 00:02:00")]
    [InlineData("--urls", "nonsense", "nonsense")]
    [InlineData("--urls", "http://0.0.0.0:1", "DPFAH_ADMIN_KEY")]
    [InlineData("--Dpfah:DataFolder", "/dev/null/data", "/dev/null/data")]
    [InlineData("--ConnectionStrings:Dpfah", "Hoost=localhost", "hoost")]
    public Task A_wrong_setting_is_told_with_its_value(string name, string value, string told) => AssertRefusedAsync([name, value], told);

    [Fact]
    public Task A_port_that_is_taken_is_told() => AssertRefusedAsync(
        ["--urls", running.Service.Address.GetLeftPart(UriPartial.Authority)], running.Service.Address.Port.ToString(), "in use");

    private static async Task AssertRefusedAsync(string[] arguments, params string[] told)
    {
        using var folder = new TemporaryFolder();
        string[] unlessGiven = [.. new[] { ("--urls", $"http://127.0.0.1:{FreePort.Next()}"), ("--Dpfah:DataFolder", folder["data"]) }
            .Where(pair => !arguments.Contains(pair.Item1)).SelectMany(pair => new[] { pair.Item1, pair.Item2 })];
        await using ServiceProcess program = HostProcess.Start([.. unlessGiven, .. arguments]);

        Assert.Equal(1, await program.WaitForExitAsync(Patience));
        Assert.All(told, text => Assert.Contains(text, program.Log, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("   at ", program.Log, StringComparison.Ordinal);
    }
}
