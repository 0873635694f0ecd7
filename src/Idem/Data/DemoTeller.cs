// Tells the pieces of the demonstration text. Every choice is one draw at the next position of the stream.

using System.Text;
using Idem.Numerics.Random;

namespace Idem.Data;

internal sealed class DemoTeller(RandomStream stream)
{
    private ulong _draws;

    public void TellPiece(StringBuilder text)
    {
        switch (Draw(10))
        {
            case 0: TellSums(text); break;
            case 1: TellWeek(text); break;
            case 2: TellAnimals(text); break;
            case 3: TellSong(text); break;
            case 4: TellSearch(text); break;
            case 5: TellCounting(text); break;
            default: TellTale(text); break;
        }
    }

    // A day, a walk, a talk about numbers of things, a gift that is subtracted rightly, an end.
    private void TellTale(StringBuilder text)
    {
        (string name, string he, string his) = Pick(DemoWords.People);
        (string other, string otherHe, _) = PickOther(DemoWords.People, person => person.Name == name);
        (string One, string Many) thing = Pick(DemoWords.Things);
        string place = Pick(DemoWords.Places);
        int had = 2 + Draw(8);
        int gave = 1 + Draw(had - 1);
        text.Append($"It was a {Pick(DemoWords.Weather)} {Pick(DemoWords.Days)}. {name} the {Pick(DemoWords.Trades)} walked to {place} ");
        text.Append($"with {Count(had, thing)} in {his} basket. There {he} met {other}.\n");
        text.Append($"\"{Pick(DemoWords.Greetings)}, {other}!\" said {name}. \"How are you?\"\n");
        text.Append($"\"I am {Pick(DemoWords.Feelings)}, {name},\" said {other}. \"How many {thing.Many} do you have?\"\n");
        text.Append($"\"I have {Count(had, thing)},\" said {name}. \"{Capital(DemoWords.Numbers[gave])} {Are(gave)} for you.\"\n");
        text.Append($"So {name} gave {Count(gave, thing)} to {other}. {had} minus {gave} is {had - gave}. ");
        text.Append($"Now {name} had {Count(had - gave, thing)} and {other} had {Count(gave, thing)}.\n");
        text.Append($"\"Thank you, {name},\" said {other}, and {otherHe} was {Pick(DemoWords.Joys)}. ");
        text.Append($"Then {name} went home and {Pick(DemoWords.Works)}.\n");
    }

    // Something lost is looked for in two places and found in a third by somebody else.
    private void TellSearch(StringBuilder text)
    {
        (string name, string he, string his) = Pick(DemoWords.People);
        (string other, _, _) = PickOther(DemoWords.People, person => person.Name == name);
        string thing = Pick(DemoWords.Things).One;
        int first = Draw(DemoWords.Places.Length);
        string[] places = [.. Enumerable.Range(first, 3).Select(place => DemoWords.Places[place % DemoWords.Places.Length])];
        text.Append($"{name} had lost {his} {thing}. {Capital(he)} looked at {places[0]}, but it was not there. ");
        text.Append($"{Capital(he)} looked at {places[1]}, but it was not there. Then {other} came from {places[2]}.\n");
        text.Append($"\"Is this your {thing}?\" said {other}.\n");
        text.Append($"\"Yes, it is!\" said {name}. \"You are a good friend, {other}.\"\n");
    }

    private void TellCounting(StringBuilder text)
    {
        (string name, string he, _) = Pick(DemoWords.People);
        (string One, string Many) thing = Pick(DemoWords.Things);
        int count = 2 + Draw(9);
        string counted = string.Join(", ", DemoWords.Numbers[1..(count + 1)]);
        text.Append($"{name} counted the {thing.Many} on the table. \"{Capital(counted)},\" said {name}. ");
        text.Append($"There were {Count(count, thing)}, and {he} ate one. Now there {(count == 2 ? "was" : "were")} {Count(count - 1, thing)}.\n");
    }

    // Four sums in a row that count up.
    private void TellSums(StringBuilder text)
    {
        (string name, string he, _) = Pick(DemoWords.People);
        int first = 1 + Draw(6);
        int second = 1 + Draw(9);
        text.Append($"{name} went to school, and there {he} wrote:\n");
        for (int i = 0; i < 4; i++)
        {
            text.Append($"{first + i} plus {second} is {first + i + second}.\n");
        }

        text.Append($"\"{Capital(DemoWords.Numbers[first])} and {DemoWords.Numbers[second]} are {DemoWords.Numbers[first + second]},\" said {name}.\n");
    }

    private void TellWeek(StringBuilder text)
    {
        (string name, string he, _) = Pick(DemoWords.People);
        int first = Draw(DemoWords.Days.Length);
        for (int i = 0; i < 3; i++)
        {
            string who = i == 0 ? name : he;
            text.Append($"On {DemoWords.Days[(first + i) % 7]} {who} {Pick(DemoWords.Works)}. ");
        }

        text.Append($"After {DemoWords.Days[(first + 2) % 7]} comes {DemoWords.Days[(first + 3) % 7]}, and {name} was {Pick(DemoWords.Feelings)}.\n");
    }

    private void TellAnimals(StringBuilder text)
    {
        (string name, string he, _) = Pick(DemoWords.People);
        (string article, string animal, string sound) = Pick(DemoWords.Animals);
        (string otherArticle, string otherAnimal, string otherSound) = PickOther(DemoWords.Animals, candidate => candidate.Animal == animal);
        int count = 1 + Draw(3);
        text.Append($"{name} had {article} {animal} and {otherArticle} {otherAnimal}. \"{Repeat(sound, count)}!\" said the {animal}. ");
        text.Append($"\"{Repeat(otherSound, count)}!\" said the {otherAnimal}. \"Hush,\" said {name}, and {he} sang:\n");
        AppendCouplet(text);
    }

    private void TellSong(StringBuilder text)
    {
        (string name, _, string his) = Pick(DemoWords.People);
        text.Append($"{name} sat by {Pick(DemoWords.Places)} and sang {his} song:\n");
        AppendCouplet(text);
        AppendCouplet(text);
    }

    private void AppendCouplet(StringBuilder text)
    {
        (string first, string second) = Pick(DemoWords.Couplets);
        text.Append($"  {first}\n  {second}\n");
    }

    private int Draw(int choices) => (int)stream.Bounded((ulong)choices, _draws++);

    private T Pick<T>(T[] choices) => choices[Draw(choices.Length)];

    // The next choice round the list where the drawn one is taken.
    private T PickOther<T>(T[] choices, Predicate<T> isTaken)
    {
        int index = Draw(choices.Length);
        return isTaken(choices[index]) ? choices[(index + 1) % choices.Length] : choices[index];
    }

    private static string Count(int count, (string One, string Many) thing) =>
        $"{DemoWords.Numbers[count]} {(count == 1 ? thing.One : thing.Many)}";

    private static string Are(int count) => count == 1 ? "is" : "are";

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static string Repeat(string sound, int count) =>
        Capital(string.Join(", ", Enumerable.Repeat(sound, count)));
}
