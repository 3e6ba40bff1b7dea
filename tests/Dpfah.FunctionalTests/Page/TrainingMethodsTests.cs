using System.Text.Json.Nodes;
using Dpfah.Learning.Losses;

namespace Dpfah.FunctionalTests.Page;

/// <summary>What the page's form shows of the methods is what the service knows of them.</summary>
public sealed class TrainingMethodsTests
{
    [Fact]
    public void The_form_shows_every_method_with_the_defaults_of_its_loss()
    {
        string script = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "wwwroot", "js", "methods.js"));
        const string Begin = "export const methods = ";
        int from = script.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        JsonObject shown = JsonNode.Parse(script[from..script.IndexOf("};", from, StringComparison.Ordinal)] + "}")!.AsObject();

        Assert.Equal(HashingMethod.All.Select(method => method.Name), shown.Select(method => method.Key));
        Assert.All(HashingMethod.All, method =>
        {
            JsonObject form = shown[method.Name]!.AsObject();
            Assert.Equal((method.Title, method.Source), (form["title"]!.GetValue<string>(), form["source"]!.GetValue<string>()));
            JsonObject known = method.Complete();
            JsonObject options = form["options"]!.AsObject();
            Assert.Equal(known.Select(option => option.Key).Order(), options.Select(option => option.Key).Order());
            Assert.All(options, option =>
            {
                // Of words the first is the default, and the service takes each.
                if (option.Value is JsonArray words)
                {
                    Assert.Equal(known[option.Key]!.GetValue<string>(), words[0]!.GetValue<string>());
                    Assert.All(words, word => method.Complete(new JsonObject { [option.Key] = word!.DeepClone() }));
                }
                else
                {
                    Assert.Equal(known[option.Key]!.GetValue<double>(), option.Value!.GetValue<double>());
                }
            });
        });
    }
}
